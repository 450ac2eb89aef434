//! What is missing from something said, all of it at once. Whether it is true or clever is not asked.

use super::Said;

/// A field that must say more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub field: &'static str,
    /// What is wanted, for a person.
    pub wanted: &'static str,
}

impl Said {
    /// Every field that is empty and must not be.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut need = |field: &'static str, value: &str, wanted: &'static str| {
            if value.trim().is_empty() {
                problems.push(Problem { field, wanted });
            }
        };
        match self {
            Said::Say { text, .. } => need("text", text, "the words"),
            Said::Role { name, .. } => need("name", name, "who takes the role"),
            Said::Hypothesis { id, text, prediction, reversal } => {
                need("id", id, "a short name, such as h1");
                need("text", text, "what you believe");
                need("prediction", prediction, "what you expect to see if it is so");
                need("reversal", reversal, "what would make you turn back");
            }
            Said::Conclude { id, .. } => need("id", id, "the hypothesis"),
            Said::Decide { text, reason, .. } => {
                need("text", text, "what is going to be done");
                need("reason", reason, "why");
            }
            Said::Task { id, text, owner } => {
                need("id", id, "a short name, such as t1");
                need("text", text, "what is to be done");
                need("owner", owner, "who does it");
            }
            Said::Done { id, .. } => need("id", id, "the task"),
            Said::HandOver { to, text } => {
                need("to", to, "who goes on");
                need("text", text, "what they must know");
            }
            Said::Diagnose { text, root_cause, mechanism, propagation } => {
                let all = [text, root_cause].into_iter().chain(mechanism).chain(propagation);
                let said: Vec<&str> = all.map(String::as_str).collect();
                need("text", &said.concat(), "what is broken, why, and how it climbed");
            }
            Said::Hint { level } => need("level", level, "nudge, direction, partial or full"),
            Said::Mark { row, mark, .. } => {
                need("row", row, "a row of the scorecard");
                need("mark", mark, "novice, intermediate or expert");
            }
            Said::Severity { .. } | Said::Acknowledge { .. } | Said::Reveal {} => {}
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_missing_is_told_at_once() {
        let said = Said::Hypothesis {
            id: "h1".into(),
            text: " ".into(),
            prediction: String::new(),
            reversal: "x".into(),
        };
        let fields: Vec<&str> = said.problems().iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["text", "prediction"]);
    }

    #[test]
    fn a_diagnosis_needs_one_of_its_parts() {
        let empty = Said::Diagnose {
            text: String::new(),
            root_cause: String::new(),
            mechanism: vec![],
            propagation: vec![],
        };
        assert_eq!(empty.problems().len(), 1);
        let one = Said::Diagnose {
            text: String::new(),
            root_cause: "the bank is slow".into(),
            mechanism: vec![],
            propagation: vec![],
        };
        assert!(one.problems().is_empty());
    }
}
