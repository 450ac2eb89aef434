//! Every fault was removed, by the journal and by a measurement, and nobody else changed the bank's faults.

use evidence::kind;
use serde_json::Value;

use super::noted;
use crate::case::Case;
use crate::finding::{Finding, Status};

pub(super) fn prove(case: &Case<'_>) -> Finding {
    let unexplained: Vec<String> = case
        .recording
        .entries(kind::BANK_LOG)
        .filter_map(|entry| entry.body.get("unexplained").and_then(Value::as_array))
        .flatten()
        .map(Value::to_string)
        .collect();
    if let Some(change) = unexplained.first() {
        return Finding::fail(format!("the bank's faults were changed by someone else: {change}"))
            .value(unexplained.len() as f64)
            .at_most(0.0)
            .evidence("journal: bank_log, reconciled with the fault entries");
    }
    if case.moments.fired.is_empty() {
        return Finding::unknown("no fault was applied");
    }
    if let Some(fault) = case.moments.fired.iter().find(|fault| fault.cleared.is_none()) {
        return Finding::fail(format!("fault {} was never cleared", fault.id))
            .evidence("journal: fault entries");
    }
    match noted(case, "trigger_removed") {
        Some(note) if note.status == Status::Pass => note,
        Some(note) => {
            Finding::fail(format!("the trigger was not removed: {}", note.reason)).evidence(note.evidence)
        }
        None => Finding::unknown("the removal of the trigger was not measured"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::{Bed, judge as graded};
    use serde_json::json;

    #[test]
    fn a_trigger_that_was_removed_and_measured_is_proven() {
        assert_eq!(graded(&Bed::recovered(), prove).status, Status::Pass);
    }

    #[test]
    fn a_fault_left_on_or_changed_by_others_is_not() {
        let bed = Bed::recovered().entry(30_000, kind::FAULT_APPLIED, "controller", json!({"id": "another"}));
        assert_eq!(graded(&bed, prove).status, Status::Fail);
        let bed = Bed::recovered().entry(
            38_000,
            kind::BANK_LOG,
            "controller",
            json!({"changes": [], "unexplained": ["cleared slow"]}),
        );
        assert_eq!(graded(&bed, prove).status, Status::Fail);
    }

    #[test]
    fn without_a_measurement_nothing_is_proven() {
        let mut bed = Bed::recovered();
        bed.removal_noted = false;
        assert_eq!(graded(&bed, prove).status, Status::Unknown);
    }
}
