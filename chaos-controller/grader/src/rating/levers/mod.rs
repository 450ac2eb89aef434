//! Which levers of resilience were in force when the shop came back, by kind: what differs from the drill's own policy, and
//! can act at all. A wider pool is capacity, and no lever.

mod acts;

use std::collections::BTreeMap;

use drill::Plan;
use evidence::kind;
use fault::Effect;
use serde_json::Value;

use crate::case::Case;
use acts::Change;

/// What was in force, and where that is written.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Levers {
    /// A kind of lever, and one field of the policy that shows it.
    shown: BTreeMap<&'static str, String>,
    version: u64,
    seq: Option<u64>,
}

/// Kinds of levers that count as layers where a slow dependency stays slow.
const LAYERS: usize = 3;

/// How many kinds it takes. Where the bank is slow while the shop must be well, bounding the wait alone gives up the
/// payments, so it takes layers; a storm, a lost instance or a surge can be cured by one lever that is the right one.
pub(super) fn needed(plan: &Plan) -> usize {
    let slow = |effect: &Effect| matches!(effect, Effect::Latency(_) | Effect::Hang(_) | Effect::SlowBody(_));
    let stays = plan.aftermath.is_none() && plan.required.iter().any(|name| name == "goodput");
    let bank = plan.faults.iter().any(|fault| fault.target == "bank" && slow(&fault.spec.effect));
    if stays && bank { LAYERS } else { 1 }
}

/// At the recovery, or at the end of the outage if there was none.
pub(super) fn in_force(case: &Case<'_>) -> Levers {
    let Some(until) = case.judged().map(|span| span.to) else { return Levers::default() };
    let last = case.recording.entries(kind::POLICY).rfind(|entry| entry.t_ms <= until);
    let Some(entry) = last else { return Levers::default() };
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    leaves(&case.plan.policy, String::new(), &mut before);
    leaves(entry.body.get("document").unwrap_or(&Value::Null), String::new(), &mut after);
    let mut shown = BTreeMap::new();
    let change = Change { before: &before, after: &after, patience: case.plan.load.patience };
    for (path, value) in after.iter().filter(|(path, value)| before.get(*path) != Some(value)) {
        if let Some(kind) = lever(path, value).filter(|_| change.acts(path, value)) {
            shown.entry(kind).or_insert_with(|| format!("{path} = {}", plain(value)));
        }
    }
    Levers { shown, version: entry.number("version").unwrap_or_default() as u64, seq: Some(entry.seq) }
}

impl Levers {
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.shown.keys().copied().collect()
    }

    pub(super) fn evidence(&self) -> String {
        let Some(seq) = self.seq else { return String::new() };
        let policy = format!("journal: entry {seq}, policy {}", self.version);
        let fields: Vec<&str> = self.shown.values().map(String::as_str).collect();
        if fields.is_empty() { policy } else { format!("{policy}: {}", fields.join(", ")) }
    }
}

/// The kind of lever that a field is a part of.
fn lever(path: &str, after: &Value) -> Option<&'static str> {
    let parts: Vec<&str> = path.split('.').collect();
    let has = |names: &[&str]| parts.iter().any(|part| names.contains(part));
    let off = matches!(after, Value::Null | Value::Bool(false)) || after.as_str() == Some("off");
    if parts.first() == Some(&"flags") || has(&["enabled"]) {
        return off.then_some("feature flag");
    }
    if has(&["retry"]) {
        return Some("bounded retries");
    }
    if off {
        return None;
    }
    let kinds: [(&[&str], &str); 7] = [
        (&["breaker", "throttle", "outlier"], "breaker"),
        (&["fallback"], "degraded answer"),
        (&["shift", "hedge", "balance"], "traffic shift"),
        (&["bulkheads", "bulkhead", "queue", "shed", "rate_limits", "concurrency", "codel"], "shedding"),
        (&["attempt_timeout", "total_timeout", "deadline", "propagate", "cancel"], "bounded wait"),
        (&["idempotency"], "idempotency key"),
        (&["settler"], "settlement"),
    ];
    kinds.iter().find(|(names, _)| has(names)).map(|(_, kind)| *kind)
}

/// Every field that holds a value, by its path.
fn leaves<'a>(value: &'a Value, at: String, into: &mut BTreeMap<String, &'a Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(value, if at.is_empty() { name.clone() } else { format!("{at}.{name}") }, into);
            }
        }
        value => {
            into.insert(at, value);
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;
    use serde_json::json;

    fn kinds(document: Value) -> Vec<&'static str> {
        let bed =
            Bed::recovered().entry(10_500, kind::POLICY, "ada", json!({"version": 3, "document": document}));
        let recording = bed.recording();
        in_force(&Case::new(&recording, bed.plan())).kinds()
    }

    #[test]
    fn a_layered_policy_shows_its_kinds() {
        let document = json!({"services": {
            "payment": {"server": {"workers": 20, "bulkheads": {"Charge": 15}},
                "calls": {"bank.charge": {"attempt_timeout": "400ms", "breaker": {"window": 100}, "idempotency": "on"}}},
            "order": {"calls": {"payment.Charge": {"fallback": "pending"}}, "settler": {"rate": 60}}}});
        let all = ["bounded wait", "breaker", "degraded answer", "idempotency key", "settlement", "shedding"];
        assert_eq!(kinds(document), all);
    }

    #[test]
    fn fields_that_cannot_act_are_no_layers() {
        let document = json!({"services": {
            "payment": {"server": {"workers": 20, "bulkheads": {"Charge": 20}},
                "calls": {"bank.charge": {"attempt_timeout": "300s", "breaker": {"failure_rate": 1.0}}}},
            "order": {"settler": {"rate": 0}}}});
        assert!(kinds(document).is_empty());
    }

    #[test]
    fn more_workers_more_retries_and_longer_queues_are_no_levers() {
        let document = json!({"services": {"payment": {"server": {"workers": 400}},
            "order": {"calls": {"payment.Charge": {"retry": {"max_retries": 9}}}}}});
        assert!(kinds(document).is_empty());
    }

    #[test]
    fn what_is_off_is_no_lever_but_a_flag_is_one_by_being_off() {
        assert_eq!(lever("services.a.calls.b.breaker", &json!("off")), None);
        assert_eq!(lever("flags.checkout", &json!("off")), Some("feature flag"));
        assert_eq!(lever("flags.checkout", &json!("on")), None);
    }

    #[test]
    fn a_bank_that_stays_slow_takes_layers_and_a_storm_one_lever() {
        assert_eq!(needed(&Bed::recovered().plan()), LAYERS);
        assert_eq!(needed(&Bed::stormy().plan()), 1);
    }
}
