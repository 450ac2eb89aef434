//! The end was proven clean: the controller looked for what the run might have left, and found nothing.

use super::noted;
use crate::case::Case;
use crate::criteria::residue;
use crate::finding::Finding;

pub(super) fn prove(case: &Case<'_>) -> Finding {
    let items = residue::items(case);
    if let Some(item) = items.as_ref().and_then(|items| items.first()) {
        return Finding::fail(format!("left behind: {item}")).evidence("journal: residue entries");
    }
    match noted(case, "clean") {
        Some(note) => note,
        None if items.is_some() => {
            Finding::pass("looked for residue and found none").evidence("journal: residue entries")
        }
        None => Finding::unknown("the end was not proven clean"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};
    use evidence::kind;
    use serde_json::json;

    #[test]
    fn a_clean_end_needs_a_look_and_no_residue() {
        assert_eq!(graded(&Bed::recovered(), prove).status, Status::Pass);
        let mut silent = Bed::recovered();
        silent.residue = None;
        assert_eq!(graded(&silent, prove).status, Status::Unknown);
        let noted =
            Bed::recovered().entry(39_000, kind::PROOF, "controller", json!({"name": "clean", "ok": false}));
        assert_eq!(graded(&noted, prove).status, Status::Fail);
    }
}
