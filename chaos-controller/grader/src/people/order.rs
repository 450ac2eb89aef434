//! Which came first, something for the users or the name of the cause. Searching while users suffer is the mistake that
//! incident command is there to prevent.

use crate::case::Case;
use crate::diagnosis::Diagnoses;

/// `None`: nothing was done and nothing was named right.
pub(super) fn mitigated_before_cause(case: &Case<'_>, diagnoses: &Diagnoses) -> Option<bool> {
    let acted = case.moments.first_action.map(|at| case.moments.seconds(at));
    match (acted, diagnoses.first_right()) {
        (None, None) => None,
        (None, Some(_)) => Some(false),
        (Some(_), None) => Some(true),
        (Some(acted), Some(named)) => Some(acted <= named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{Diagnosis, Grade};
    use crate::testbed::Bed;

    fn judged(bed: &Bed, named: Option<f64>) -> Option<bool> {
        let submitted = named.map(|seconds| Diagnosis {
            seconds,
            actor: "ada".into(),
            said: "x".into(),
            grade: Grade::Right,
            score: 1.0,
            points: Vec::new(),
            blamed: Vec::new(),
            explanation: String::new(),
            evidence: String::new(),
        });
        let recording = bed.recording();
        let diagnoses = Diagnoses { submitted: submitted.into_iter().collect() };
        mitigated_before_cause(&Case::new(&recording, bed.plan()), &diagnoses)
    }

    #[test]
    fn what_came_first_is_told_apart() {
        // The bed acts 5 s after the fault.
        assert_eq!(judged(&Bed::recovered(), Some(7.0)), Some(true));
        assert_eq!(judged(&Bed::recovered(), Some(3.0)), Some(false));
    }

    #[test]
    fn one_without_the_other_still_says_which() {
        assert_eq!(judged(&Bed::recovered(), None), Some(true));
        assert_eq!(judged(&Bed::never_recovered(), Some(3.0)), Some(false));
    }

    #[test]
    fn neither_is_no_answer() {
        assert_eq!(judged(&Bed::never_recovered(), None), None);
    }
}
