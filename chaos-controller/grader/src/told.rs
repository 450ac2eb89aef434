//! What somebody put on record, in a line: for the timeline, and for the lane of words beside the plots.

use evidence::{Entry, Said};

/// A line of the journal in words.
pub(crate) struct Told {
    /// A word or two: "hypothesis", "hand over".
    pub(crate) name: String,
    pub(crate) what: String,
    /// The stated reason; empty where none belongs to it.
    pub(crate) why: String,
}

/// What was said. An instructor's marks are no event of the incident; they stand beside the rubric.
pub(crate) fn said(entry: &Entry) -> Option<Told> {
    let said = Said::of(entry)?;
    let field = |name| entry.text(name);
    let mut why = "";
    let what = match &said {
        Said::Mark { .. } => return None,
        Said::Hypothesis { text, prediction, reversal, .. } => joined(&[text, prediction, reversal]),
        Said::Decide { text, expect, undo, reason } => {
            why = reason;
            joined(&[text, expect, undo])
        }
        Said::Diagnose { text, root_cause, mechanism, propagation } => {
            joined(&[text, root_cause, &mechanism.join(", "), &propagation.join(" → ")])
        }
        Said::Reveal {} => "the faults were shown".to_owned(),
        _ => joined(&["level", "role", "name", "to", "owner", "outcome", "alert", "text"].map(field)),
    };
    Some(Told { name: said.verb().replace('_', " "), what, why: why.to_owned() })
}

fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use evidence::kind;

    use super::*;

    fn told(said_words: &Said) -> Option<Told> {
        said(&evidence::Chain::new().append(5, kind::ACTION, "ada", said_words.body()))
    }

    #[test]
    fn a_decision_has_its_reason_and_a_diagnosis_all_of_its_parts() {
        let decided = Said::Decide {
            text: "bound the wait".into(),
            reason: "all workers wait".into(),
            expect: "home is back".into(),
            undo: String::new(),
        };
        let line = told(&decided).unwrap();
        assert_eq!(
            (line.what.as_str(), line.why.as_str()),
            ("bound the wait; home is back", "all workers wait")
        );
        let diagnosed = Said::Diagnose {
            text: String::new(),
            root_cause: "the bank is slow".into(),
            mechanism: vec!["a full pool".into()],
            propagation: vec!["payment".into(), "order".into()],
        };
        assert_eq!(told(&diagnosed).unwrap().what, "the bank is slow; a full pool; payment → order");
    }

    #[test]
    fn an_instructor_s_mark_is_no_event() {
        let mark = Said::Mark { row: "system_thinking".into(), mark: "novice".into(), reason: String::new() };
        assert!(told(&mark).is_none());
    }
}
