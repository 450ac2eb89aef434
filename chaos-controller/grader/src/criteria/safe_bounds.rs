//! The cure stays inside the safe bounds: every policy version in force from recovery to the end. A pool of ten
//! thousand workers also "works", on a machine that is not there.

use evidence::kind;
use serde_json::Value;

use crate::case::Case;
use crate::finding::{Finding, counted};

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    let Some(from) = case.accountable_from() else {
        return Finding::unknown("no fault was applied, so there is no recovery to judge").at_most(0.0);
    };
    let versions = in_force(case, from);
    if versions.iter().any(|(_, document)| document.is_none()) {
        return Finding::unknown("the journal lacks the document of a policy version").at_most(0.0);
    }
    let mut outside = Vec::new();
    for (version, document) in &versions {
        for violation in document.map(|document| violations(document, case)).into_iter().flatten() {
            outside.push(format!("version {version}: {violation}"));
        }
    }
    let finding = match outside.first() {
        None => Finding::pass(format!(
            "{} in force from there to the end, all inside {}",
            counted(versions.len(), "policy version", "policy versions"),
            counted(case.plan.safe_bounds.len(), "bound", "bounds")
        )),
        Some(first) => Finding::fail(format!("outside the safe bounds, {first}")),
    };
    finding.value(outside.len() as f64).at_most(0.0).evidence(format!(
        "journal: policy versions in force from {:+.1} s to the end",
        case.moments.seconds(from)
    ))
}

/// The version in force at `from`, and each one after it.
fn in_force<'a>(case: &'a Case<'_>, from: u64) -> Vec<(u64, Option<&'a Value>)> {
    let mut versions = vec![(0, Some(&case.plan.policy))];
    for entry in case.recording.entries(kind::POLICY).filter(|entry| entry.t_ms <= case.moments.end) {
        if entry.t_ms <= from {
            versions.clear();
        }
        let version = entry.body.get("version").and_then(Value::as_u64).unwrap_or_default();
        versions.push((version, entry.body.get("document").filter(|document| document.is_object())));
    }
    versions
}

fn violations(document: &Value, case: &Case<'_>) -> Vec<String> {
    let found = resilience::policy::violations(document, &case.plan.safe_bounds);
    let bound = |bound: Option<f64>| bound.map_or("-".to_owned(), |bound| bound.to_string());
    found
        .into_iter()
        .map(|one| format!("{} is {}, allowed {} to {}", one.path, one.value, bound(one.min), bound(one.max)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};
    use serde_json::json;

    fn with_workers(workers: u32, t_ms: u64) -> Finding {
        let document = json!({"version": 1, "services": {"payment": {"server": {"workers": workers}}}});
        let bed = Bed::recovered().entry(
            t_ms,
            kind::POLICY,
            "candidate",
            json!({"version": 3, "document": document}),
        );
        graded(&bed, judge)
    }

    #[test]
    fn a_policy_inside_the_bounds_passes() {
        assert_eq!(with_workers(400, 10_500).status, Status::Pass);
    }

    #[test]
    fn a_policy_outside_the_bounds_fails_and_names_the_path() {
        let finding = with_workers(10_000, 10_500);
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.contains("services.payment.server.workers is 10000"), "{}", finding.reason);
    }

    #[test]
    fn a_policy_that_steps_outside_later_fails() {
        assert_eq!(with_workers(10_000, 22_000).status, Status::Fail);
    }

    #[test]
    fn the_naive_policy_put_back_after_the_end_is_nobodys_cure() {
        assert_eq!(with_workers(10_000, 39_200).status, Status::Pass);
    }

    #[test]
    fn a_version_without_its_document_is_unknown() {
        let bed = Bed::recovered().entry(12_000, kind::POLICY, "candidate", json!({"version": 3}));
        assert_eq!(graded(&bed, judge).status, Status::Unknown);
    }
}
