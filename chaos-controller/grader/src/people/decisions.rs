//! What was decided, with its reason, what it should do, and how it is taken back. Whether it was wise shows in the users'
//! traffic.

use evidence::Said;

use super::Decision;
use super::words::{Word, seconds};
use crate::case::Case;

pub(super) fn decisions(case: &Case<'_>, said: &[Word<'_>]) -> Vec<Decision> {
    let decided = said.iter().filter_map(|word| match &word.said {
        Said::Decide { text, reason, expect, undo } => Some(Decision {
            by: word.entry.actor.clone(),
            text: text.clone(),
            reason: reason.clone(),
            expect: expect.clone(),
            undo: undo.clone(),
            seconds: seconds(case, word.entry),
            seq: word.entry.seq,
        }),
        _ => None,
    });
    decided.collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::told;
    use crate::testbed::Bed;
    use evidence::{Said, kind};
    use serde_json::json;

    #[test]
    fn a_decision_is_told_whole() {
        let decide = Said::Decide {
            text: "pending".into(),
            reason: "the bank is slow".into(),
            expect: "202".into(),
            undo: "policy revert 1".into(),
        };
        let decisions = told(&Bed::recovered().said(9_000, "ada", &decide)).decisions;
        assert_eq!((decisions[0].expect.as_str(), decisions[0].undo.as_str()), ("202", "policy revert 1"));
    }

    #[test]
    fn what_was_left_out_is_empty() {
        let body = json!({"verb": "decide", "text": "x", "reason": "y"});
        let decisions = told(&Bed::recovered().entry(9_000, kind::ACTION, "ada", body)).decisions;
        assert_eq!(decisions[0].expect, "");
        assert!(told(&Bed::recovered()).decisions.is_empty());
    }
}
