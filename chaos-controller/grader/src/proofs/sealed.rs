//! The evidence is that which the run sealed.

use evidence::Seal;

use crate::case::Case;
use crate::finding::Finding;

pub(super) fn prove(case: &Case<'_>) -> Finding {
    of(&case.recording.seal)
}

/// The same of a recording that has no plan, and so no case.
pub(crate) fn of(seal: &Seal) -> Finding {
    let finding = match seal.problems.as_slice() {
        problems @ [_, ..] => Finding::fail(problems.join("; ")),
        [] => Finding::judged(
            seal.present,
            if seal.present { "every file is as it was sealed" } else { "the run was not sealed" },
        ),
    };
    finding
        .value(seal.problems.len() as f64)
        .at_most(0.0)
        .evidence("journal: sealed entry, SHA-256 of each file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};

    #[test]
    fn altered_evidence_breaks_the_seal() {
        assert_eq!(graded(&Bed::recovered(), prove).status, Status::Pass);
        let mut bed = Bed::recovered();
        bed.seal.problems = ["samples.bin is missing", "plan.yaml was altered"].map(str::to_owned).to_vec();
        let finding = graded(&bed, prove);
        assert_eq!(finding.status, Status::Fail);
        assert_eq!(finding.reason, "samples.bin is missing; plan.yaml was altered");
        bed.seal = evidence::Seal::default();
        assert_eq!(graded(&bed, prove).status, Status::Fail);
    }
}
