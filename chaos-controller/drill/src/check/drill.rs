//! One variant of a drill: that its times fit each other and its parts are possible.

use std::time::Duration;

use fault::FaultSpec;
use resilience::policy::topology::{KEEPS_STATE, SERVICES};
use resilience::policy::{Bound, Span, check_bounds, violations};

use super::{
    Report, aftermath, guardrail, part,
    policy::{self, Shape, unknown},
    query::check_named,
    target::check_target,
    trigger,
};
use crate::{
    diagnostic::Finding,
    file::drill::Criterion,
    journey::Journey,
    schema::{drill_schema, walk},
    tree::{Kind, Node},
};

/// Says everything that is wrong with a variant; the schema comes first.
pub(crate) fn check(report: &mut Report<'_>, node: &Node) {
    for (span, finding) in walk(drill_schema(), node) {
        report.add(span, finding);
    }
    check_name(report, node);
    check_lab(report, node);
    check_load(report, node);
    let policy = node.get("policy");
    policy.into_iter().for_each(|document| policy::check_regions(report, node, document));
    let sound = policy.is_some_and(|document| policy::check_document(report, document, Shape::Told));
    check_bounds_of(report, node, policy.filter(|_| sound));
    check_faults(report, node);
    check_times(report, node);
    aftermath::check(report, node);
    check_named(report, node.get("steady_state"), "condition", &[]);
    guardrail::check(report, node);
    check_named(report, node.get("criteria"), "criterion", &Criterion::ALL.map(Criterion::name));
}

fn check_name(report: &mut Report<'_>, node: &Node) {
    let Some(Node { kind: Kind::Text(name), span }) = node.get("name") else { return };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        let finding = Finding::new(format!("`{name}` cannot be the name of a drill"));
        report.add(span.clone(), finding.allowed("lower-case letters, digits and `-`"));
    }
}

/// Who can be there more than once.
fn check_lab(report: &mut Report<'_>, node: &Node) {
    let Some(instances) = node.get("lab").and_then(|lab| lab.get("instances")) else { return };
    let services: Vec<String> = SERVICES.iter().map(|(service, _)| (*service).to_owned()).collect();
    for (name, count) in instances.entries() {
        if !services.contains(&name.name) {
            report.add(name.span.clone(), unknown("service", &name.name, &services));
        } else if KEEPS_STATE.contains(&name.name.as_str()) && part::<u32>(Some(count)).is_some_and(|n| n > 1)
        {
            let message = format!(
                "{} keeps its state in its process: a second instance would be a second truth",
                name.name
            );
            report.add(count.span.clone(), Finding::new(message).allowed("1"));
        }
    }
}

fn check_load(report: &mut Report<'_>, node: &Node) {
    let Some(load) = node.get("load") else { return };
    let patience = part::<Span>(load.get("patience")).map(Span::get);
    let Some((key, journeys)) = load.entry("journeys") else { return };
    if matches!(&journeys.kind, Kind::Map(entries) if entries.is_empty()) {
        let names = Journey::ALL.map(Journey::name).join(", ");
        let finding = Finding::new("no journey is played: there is nothing to measure");
        report.add(key.span.clone(), finding.allowed(names));
    }
    for (name, journey) in journeys.entries() {
        let Some(latency) = journey.get("slo").and_then(|slo| slo.get("latency")) else { continue };
        let slo = part::<Span>(Some(latency)).map(Span::get);
        if let (Some(slo), Some(patience)) = (slo, patience)
            && slo >= patience
        {
            let message = format!(
                "users of `{}` leave after {}, before their objective of {} is over",
                name.name,
                Span(patience),
                Span(slo)
            );
            let finding = Finding::new(message).allowed(format!("below {}", Span(patience)));
            report.add(latency.span.clone(), finding);
        }
    }
}

/// `policy` is the naive document, if it can be judged.
fn check_bounds_of(report: &mut Report<'_>, node: &Node, policy: Option<&Node>) {
    for bound in node.get("safe_bounds").map(Node::items).unwrap_or_default() {
        let Some(one) = part::<Bound>(Some(bound)).map(|bound| [bound]) else { continue };
        let problems = check_bounds(&one);
        let meaningful = problems.is_empty();
        for problem in problems {
            let (allowed, hint) = (problem.allowed, problem.hint);
            let finding = Finding { message: problem.message, allowed, hint };
            report.add(bound.place(&["path"]), finding);
        }
        // What everyone starts from must not be out of bounds by itself.
        let document = policy.filter(|_| meaningful).map(Node::to_value);
        if document.is_some_and(|document| !violations(&document, &one).is_empty()) {
            let message = "the naive policy is out of this bound";
            report.add(bound.place(&["path"]), Finding::new(message));
        }
    }
}

fn check_faults(report: &mut Report<'_>, node: &Node) {
    let mut faults: Vec<&Node> = node.get("replay").into_iter().collect();
    let timeline = node.get("timeline").map(Node::entries).unwrap_or_default();
    trigger::check_trigger(report, node, timeline.is_empty());
    faults.extend(timeline.iter().map(|(_, fault)| fault));
    let one_region = policy::has_one_region(node);
    for fault in faults {
        check_target(report, fault, node);
        let Some(spec) = fault.get("spec") else { continue };
        let told = part::<FaultSpec>(Some(spec));
        if one_region && told.as_ref().is_some_and(|told| told.region == fault::Region::Second) {
            let finding = Finding::new("the bank of this drill has no second region");
            report.add(spec.place(&["region"]), finding.allowed("main, or a `bank.second_region`"));
        }
        for problem in told.iter().flat_map(fault::check) {
            let keys: Vec<&str> = problem.path.split('.').collect();
            report.remark(spec.place(&keys), Finding::new(problem.message));
        }
    }
}

/// The end of the last fault or of the surge, if the timeline can be read.
pub(crate) fn heal_at(node: &Node) -> Option<Duration> {
    trigger::ends(node).max().flatten()
}

fn check_times(report: &mut Report<'_>, node: &Node) {
    let time = |path: &[&str]| {
        let found = path.iter().try_fold(node, |node, key| node.get(key))?;
        Some((found.span.clone(), part::<Span>(Some(found))?.get()))
    };
    if let (Some((span, proven)), Some((_, whole))) =
        (time(&["baseline", "proven_for"]), time(&["baseline", "for"]))
        && proven > whole
    {
        let finding = Finding::new("more of the baseline is judged than there is");
        report.add(span, finding.allowed(format!("up to {}", Span(whole))));
    }
    let (Some((span, handover)), Some(heal)) = (time(&["handover"]), heal_at(node)) else { return };
    let count = part::<u32>(node.get("recovered").and_then(|r| r.get("windows")?.get("count")));
    let length = time(&["recovered", "windows", "length"]).map(|(_, length)| length);
    let hold = time(&["recovered", "hold"]).map(|(_, hold)| hold);
    let (Some(count), Some(length)) = (count, length) else { return };
    let needed = length.saturating_mul(count) + hold.unwrap_or(Duration::from_secs(20));
    if !aftermath::judged_after(node) && handover + needed > heal {
        let message = format!(
            "nobody can be seen to recover: {} of windows and hold do not fit between the handover \
             and the end of the faults at {}",
            Span(needed),
            Span(heal)
        );
        report.add(span, Finding::new(message));
    }
}
