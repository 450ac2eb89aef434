//! Nothing of the run is left behind: no fault, no process, no file. What was found is listed as it was found.

use evidence::kind;
use serde_json::Value;

use crate::case::Case;
use crate::finding::Finding;

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    let finding = match items(case) {
        None => Finding::unknown("nobody looked for residue"),
        Some(items) if items.is_empty() => Finding::pass("nothing was left behind").value(0.0),
        Some(items) => Finding::fail(format!("left behind: {}", items.join(", "))).value(items.len() as f64),
    };
    finding.at_most(0.0).evidence("journal: residue entries")
}

/// What was left behind; `None` if nobody looked.
pub(crate) fn items(case: &Case<'_>) -> Option<Vec<String>> {
    let mut found = None;
    for entry in case.recording.entries(kind::RESIDUE) {
        let items = entry.body.get("items").and_then(Value::as_array)?;
        let named = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
        found.get_or_insert_with(Vec::new).extend(named);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};
    use serde_json::json;

    #[test]
    fn an_empty_list_passes() {
        assert_eq!(graded(&Bed::recovered(), judge).status, Status::Pass);
    }

    #[test]
    fn anything_left_behind_fails_by_name() {
        let mut bed = Bed::recovered();
        bed.residue = Some(json!({"items": ["process payment-0 (pid 7)"]}));
        let finding = graded(&bed, judge);
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.contains("payment-0"));
    }

    #[test]
    fn a_run_that_did_not_look_is_unknown() {
        let mut bed = Bed::recovered();
        bed.residue = None;
        assert_eq!(graded(&bed, judge).status, Status::Unknown);
    }
}
