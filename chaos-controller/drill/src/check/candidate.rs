//! A planted candidate: that each act is whole, comes before the lock, and leaves a policy that the
//! shop can run, in every variant of the drill.

use std::time::Duration;

use resilience::policy::Span;
use serde_json::Value;

use super::{
    Report,
    aftermath::recovery_end,
    part,
    policy::{self, unknown},
    query::check_condition,
    words,
};
use crate::{
    diagnostic::Finding,
    file::{
        candidate::{KEYS, Verb},
        drill::Criterion,
    },
    schema::{candidate_schema, walk},
    tree::Node,
};

/// A variant that a candidate is checked against.
pub(crate) struct Ground<'a> {
    pub(crate) variant: &'a str,
    /// The merged drill.
    pub(crate) drill: &'a Node,
}

/// The steps for a variant: its own, or the common ones.
pub(crate) fn steps<'n>(candidate: &'n Node, variant: &str) -> &'n [Node] {
    let own = candidate.get("variants").and_then(|all| all.get(variant)?.get("steps"));
    own.or_else(|| candidate.get("steps")).map(Node::items).unwrap_or_default()
}

/// Says everything that is wrong with a candidate. `variants` are all that the drill has, `grounds`
/// those of them that are sound enough to try the candidate on.
pub(crate) fn check(report: &mut Report<'_>, node: &Node, variants: &[String], grounds: &[Ground<'_>]) {
    for (span, finding) in walk(candidate_schema(), node) {
        report.add(span, finding);
    }
    let lists = node.get("variants").map(Node::entries).unwrap_or_default();
    for (key, _) in lists {
        if !variants.contains(&key.name) {
            report.add(key.span.clone(), unknown("variant", &key.name, variants));
        }
    }
    let common = node.get("steps").into_iter();
    for list in common.chain(lists.iter().filter_map(|(_, list)| list.get("steps"))) {
        for step in list.items() {
            check_step(report, step);
        }
        words::check(report, list.items());
    }
    for ground in grounds {
        check_on(report, node, ground);
    }
    check_expected(report, node, grounds);
}

/// The verdict that it must get speaks of criteria that there are.
fn check_expected(report: &mut Report<'_>, node: &Node, grounds: &[Ground<'_>]) {
    let variants = node.get("variants").map(Node::entries).unwrap_or_default();
    let own_expects = variants.iter().filter_map(|(_, list)| list.get("expect"));
    let expects = node.get("expect").into_iter().chain(own_expects);
    let expected = expects.filter_map(|expect| expect.get("criteria")).flat_map(Node::entries);
    let own = |ground: &Ground<'_>| -> Vec<String> {
        let list = ground.drill.get("criteria").map(Node::items).unwrap_or_default();
        list.iter().filter_map(|criterion| part(criterion.get("name"))).collect()
    };
    let common = Criterion::ALL.map(|criterion| criterion.name().to_owned());
    let mut known: Vec<String> = common.into_iter().chain(grounds.iter().flat_map(own)).collect();
    let mut seen = std::collections::BTreeSet::new();
    known.retain(|name| seen.insert(name.clone()));
    // Without a sound drill nobody knows what it judges.
    for (key, _) in expected.filter(|_| !grounds.is_empty()) {
        if !known.contains(&key.name) {
            report.add(key.span.clone(), unknown("criterion", &key.name, &known));
        }
    }
}

/// One act by itself: the keys that its verb needs, no others, and a moment.
fn check_step(report: &mut Report<'_>, step: &Node) {
    if let Some(condition) = step.get("when") {
        check_condition(report, condition);
    }
    let Some((verb_key, verb_node)) = step.entry("do") else { return };
    if step.get("at").is_none() && step.get("when").is_none() {
        let finding = Finding::new("this step has no moment")
            .allowed("at: a duration such as 80s, or when: {promql: a condition, for: a duration}");
        report.add(verb_key.span.clone(), finding);
    }
    let Some(verb) = part::<Verb>(Some(verb_node)) else { return };
    let allowed = || {
        let keys = ["at", "when", "do"].iter().chain(verb.keys()).chain(verb.options());
        keys.copied().collect::<Vec<_>>().join(", ")
    };
    for key in verb.keys() {
        if step.get(key).is_none() {
            let message = format!("`{}` needs the key `{key}`", verb.name());
            report.add(verb_node.span.clone(), Finding::new(message).allowed(allowed()));
        }
    }
    for (key, _) in step.entries() {
        let name = key.name.as_str();
        let belongs = verb.keys().contains(&name) || verb.options().contains(&name);
        // What no verb knows is the schema's to tell.
        if !belongs && KEYS.contains(&name) {
            let message = format!("`{}` does not take `{name}`", verb.name());
            report.add(key.span.clone(), Finding::new(message).allowed(allowed()));
        }
    }
}

/// The acts in their order, on the naive policy of one variant.
fn check_on(report: &mut Report<'_>, candidate: &Node, ground: &Ground<'_>) {
    let lock = recovery_end(ground.drill)
        .zip(part::<Span>(ground.drill.get("clear")))
        .map(|(end, clear)| end + clear.get());
    let mut ordered: Vec<(Duration, &Node)> = steps(candidate, ground.variant)
        .iter()
        // A step that waits for a condition comes where its file puts it, as far as anybody can say.
        .filter_map(|step| match step.get("at") {
            Some(at) => Some((part::<Span>(Some(at))?.get(), step)),
            None => Some((Duration::ZERO, step)),
        })
        .collect();
    ordered.sort_by_key(|(at, _)| *at);
    let mut document: Option<Value> = ground.drill.get("policy").map(Node::to_value);
    for (at, step) in ordered {
        if let (Some(lock), Some(node)) = (lock, step.get("at"))
            && at >= lock
        {
            let message = format!(
                "too late in variant `{}`: everything is locked from the replay on, at {}",
                ground.variant,
                Span(lock)
            );
            report.add(node.span.clone(), Finding::new(message));
        }
        let Some((key, patch)) = step.entry("patch") else { continue };
        policy::check_regions(report, ground.drill, patch);
        if let Some(before) = document.take() {
            document = policy::check_patch(report, &before, Some(key), patch);
        }
    }
}

/// A patch that stands alone in a file.
pub(crate) fn check_patch(report: &mut Report<'_>, node: &Node) {
    let empty = serde_json::json!({ "version": 1, "services": {} });
    policy::check_patch(report, &empty, None, node);
}
