//! A mark of the rubric beside the one that a person gave: told apart, and whose it is.

use grader::{Mark, Row};
use serde::Serialize;

/// A row of the rubric that somebody, or the machine, has marked.
#[derive(Debug, Serialize)]
pub(super) struct Marked {
    pub(super) row: String,
    machine: Option<Mark>,
    human: Option<String>,
    /// Whose the human mark is.
    by: Option<String>,
    /// The human mark stands in the machine's place, and not beside it.
    overrules: bool,
}

impl Marked {
    pub(super) fn of(row: &Row) -> Self {
        let human = row.human.as_ref();
        Self {
            row: row.name.clone(),
            machine: row.machine,
            human: human.map(|given| given.mark.clone()),
            by: human.map(|given| given.by.clone()),
            overrules: human.is_some_and(|given| given.overrules),
        }
    }

    /// The mark that counts first, and whose it is unless it is the machine's.
    pub(super) fn cell(&self) -> String {
        let by = self.by.as_deref().unwrap_or_default();
        match (self.machine, &self.human) {
            (Some(machine), None) => machine.name().to_owned(),
            (Some(machine), Some(human)) if !self.overrules => format!("{} ({by}: {human})", machine.name()),
            (Some(_), Some(human)) => format!("{human} (overruled by {by})"),
            (None, Some(human)) => format!("{human} (by {by})"),
            (None, None) => "-".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use grader::Given;

    use super::*;

    fn cell(machine: Option<Mark>, overrules: Option<bool>) -> String {
        let given = |overrules| Given {
            mark: "expert".into(),
            by: "eve".into(),
            reason: "saw it".into(),
            overrules,
            evidence: String::new(),
        };
        let row = Row {
            name: "system_thinking".into(),
            machine,
            why: String::new(),
            evidence: Vec::new(),
            human: overrules.map(given),
            anchor: String::new(),
        };
        Marked::of(&row).cell()
    }

    #[test]
    fn whose_a_mark_is_can_be_seen() {
        let novice = Some(Mark::Novice);
        assert_eq!(cell(novice, None), "novice");
        assert_eq!(cell(novice, Some(false)), "novice (eve: expert)");
        assert_eq!(cell(novice, Some(true)), "expert (overruled by eve)");
        assert_eq!(cell(None, Some(false)), "expert (by eve)");
    }
}
