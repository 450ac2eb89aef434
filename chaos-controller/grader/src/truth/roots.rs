//! What was done to the shop, from the journal: each fault of the timeline or of a person once, however often it came
//! back. The replay repeats what is known, and is left out.

use std::time::Duration;

use evidence::{Entry, kind};
use fault::{Effect, FaultSpec, Path};

use super::{Root, RootKind};
use crate::case::Case;
use crate::finding::round;
use crate::measures::journal;

pub(super) fn roots(case: &Case<'_>) -> Vec<Root> {
    let mut roots: Vec<Root> = Vec::new();
    for fired in case.moments.fired.iter().filter(|fired| fired.why != "replay") {
        let intent = case
            .recording
            .entries(kind::FAULT_INTENT)
            .rfind(|entry| entry.text("id") == fired.id && entry.t_ms <= fired.applied);
        let Some(mut root) = intent.and_then(|entry| root(case, entry)) else { continue };
        root.seconds = round(case.moments.seconds(fired.applied));
        // A fault that comes back is one cause.
        let known = |one: &Root| one.component == root.component && one.what == root.what;
        if !roots.iter().any(known) {
            roots.push(root);
        }
    }
    roots
}

fn root(case: &Case<'_>, intent: &Entry) -> Option<Root> {
    let spec = intent.body.get("spec").cloned().and_then(|spec| serde_json::from_value(spec).ok());
    let (component, kind, what) = match (&spec, case.plan.load.surge) {
        (Some(spec), _) => {
            let target = intent.text("target").to_owned();
            let what = words(case, spec);
            (target, kind_of(&spec.effect), what)
        }
        (None, Some(surge)) => {
            let rate: f64 = case.plan.load.journeys.iter().map(|journey| journey.rate).sum();
            let what = format!("users: {}/s -> {}/s", round(rate), round(rate * surge.factor));
            ("users".to_owned(), RootKind::Surge, what)
        }
        (None, None) => return None,
    };
    let evidence = journal(intent);
    Some(Root { component, kind, what, seconds: 0.0, evidence })
}

fn kind_of(effect: &Effect) -> RootKind {
    match effect {
        Effect::Latency(_) | Effect::Hang(_) | Effect::SlowBody(_) => RootKind::Slow,
        Effect::Error(_) | Effect::Reset(_) => RootKind::Failing,
        Effect::CommitThenFail(_) => RootKind::AnswerLost,
        Effect::MalformedBody(_) | Effect::WrongAmount(_) => RootKind::WrongAnswer,
        Effect::RateLimit(_) => RootKind::RateLimited,
        Effect::Kill(_) | Effect::RestartLoop(_) | Effect::Stop(_) | Effect::Scale(_) => RootKind::Killed,
        // For its callers as silent as one that does not run.
        Effect::Freeze(_) | Effect::Disconnect(_) => RootKind::Frozen,
        Effect::CpuBurn(_) | Effect::MemoryGrowth(_) => RootKind::Starved,
        Effect::CpuSqueeze(_) | Effect::MemorySqueeze(_) => RootKind::Starved,
    }
}

/// "latency of charge 0.1 s -> 3 s", "commit then fail on 30 % of charge", "freeze".
fn words(case: &Case<'_>, spec: &FaultSpec) -> String {
    let effect = spec.effect.name().replace('_', " ");
    let calls = match spec.path {
        _ if spec.effect.place() == fault::Place::Process => "",
        Path::All => "all calls",
        Path::Charge => "charge",
        Path::Lookup => "lookup",
    };
    // After any ramp.
    let to = fault::median(spec, Duration::MAX).map(|latency| {
        let usual = case.plan.bank.latency.as_secs_f64();
        format!(" {} s -> {} s", round(usual), round(latency.as_secs_f64()))
    });
    let share = match spec.share {
        share if share < 1.0 => format!(" on {} %", round(share * 100.0)),
        _ => String::new(),
    };
    let of = if calls.is_empty() { String::new() } else { format!(" of {calls}") };
    format!("{effect}{share}{of}{}", to.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;
    use serde_json::json;

    fn found(bed: &Bed) -> Vec<Root> {
        let recording = bed.recording();
        roots(&Case::new(&recording, bed.plan()))
    }

    #[test]
    fn a_slow_bank_is_the_root_and_its_replay_is_not_another() {
        let roots = found(&Bed::never_recovered());
        assert_eq!(roots.len(), 1, "{roots:?}");
        let root = &roots[0];
        assert_eq!((root.component.as_str(), root.kind, root.seconds), ("bank", RootKind::Slow, 0.0));
        assert_eq!(root.what, "latency of charge 0.1 s -> 3 s");
        assert!(root.evidence.starts_with("journal: entry "), "{}", root.evidence);
    }

    #[test]
    fn a_frozen_instance_is_a_root_of_its_own() {
        let body = json!({"id": "frozen", "target": "payment-1", "spec": {"effect": {"freeze": {}}}, "why": "timeline"});
        let bed = Bed::never_recovered().entry(7_000, kind::FAULT_INTENT, "controller", body).entry(
            7_000,
            kind::FAULT_APPLIED,
            "controller",
            json!({"id": "frozen"}),
        );
        let roots = found(&bed);
        let last = roots.last().unwrap();
        assert_eq!((last.component.as_str(), last.kind, last.seconds), ("payment-1", RootKind::Frozen, 2.0));
    }

    #[test]
    fn an_intent_that_says_nothing_is_no_root() {
        let bed = Bed::never_recovered()
            .entry(7_000, kind::FAULT_INTENT, "controller", json!({"id": "x", "why": "timeline"}))
            .entry(7_000, kind::FAULT_APPLIED, "controller", json!({"id": "x"}));
        assert_eq!(found(&bed).len(), 1);
    }
}
