//! The evidence is that which the run sealed.

use crate::case::Case;
use crate::finding::Finding;

pub(super) fn prove(case: &Case<'_>) -> Finding {
    let seal = &case.recording.seal;
    let finding = match seal.problems.first() {
        Some(problem) => Finding::fail(problem.clone()),
        None => Finding::judged(
            seal.present,
            if seal.present { "every file is as it was sealed" } else { "the run was not sealed" },
        ),
    };
    finding
        .value(seal.problems.len() as f64)
        .threshold(0.0)
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
        bed.seal.problems.push("samples.bin was altered after it was sealed".to_owned());
        assert_eq!(graded(&bed, prove).status, Status::Fail);
        bed.seal = evidence::Seal::default();
        assert_eq!(graded(&bed, prove).status, Status::Fail);
    }
}
