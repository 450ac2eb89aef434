//! The verdict and the exit code, from findings alone.
//!
//! ```text
//! a proof not passed -> void | a required criterion fails -> fail | one is unknown -> void | else pass
//! exit: 97 residue > 105 interrupted > 98 void > 99 fail > 0 pass
//! ```

use serde::{Deserialize, Serialize};

use crate::finding::Status;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    Fail,
    /// The run proves nothing: the experiment itself went wrong, or evidence is missing.
    Void,
}

impl Verdict {
    /// `criteria` are the required ones only.
    pub(crate) fn of(
        proofs: impl IntoIterator<Item = Status>,
        criteria: impl IntoIterator<Item = Status> + Clone,
    ) -> Verdict {
        let mut criteria_again = criteria.clone().into_iter();
        if proofs.into_iter().any(|status| status != Status::Pass) {
            return Verdict::Void;
        }
        if criteria.into_iter().any(|status| status == Status::Fail) {
            return Verdict::Fail;
        }
        if criteria_again.any(|status| status == Status::Unknown) {
            return Verdict::Void;
        }
        Verdict::Pass
    }

    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Void => "void",
        }
    }
}

/// The exit code of a run that was graded. Usage, invalid input and broken chains have codes of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(pub i32);

impl Exit {
    pub const PASS: Exit = Exit(0);
    pub const RESIDUE: Exit = Exit(97);
    pub const VOID: Exit = Exit(98);
    pub const FAIL: Exit = Exit(99);
    pub const INTERRUPTED: Exit = Exit(105);

    pub(crate) fn of(verdict: Verdict, residue: bool, interrupted: bool) -> Exit {
        match verdict {
            _ if residue => Exit::RESIDUE,
            _ if interrupted => Exit::INTERRUPTED,
            Verdict::Void => Exit::VOID,
            Verdict::Fail => Exit::FAIL,
            Verdict::Pass => Exit::PASS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Fail, Pass, Unknown};

    #[test]
    fn verdicts_follow_their_precedence() {
        assert_eq!(Verdict::of([Pass], [Pass]), Verdict::Pass);
        assert_eq!(Verdict::of([Pass], [Pass, Unknown]), Verdict::Void);
        assert_eq!(Verdict::of([Pass], [Unknown, Fail]), Verdict::Fail);
        assert_eq!(Verdict::of([Pass, Fail], [Fail]), Verdict::Void);
        assert_eq!(Verdict::of([Unknown], [Pass]), Verdict::Void);
    }

    #[test]
    fn residue_outranks_everything_in_the_exit_code() {
        assert_eq!(Exit::of(Verdict::Pass, true, true), Exit(97));
        assert_eq!(Exit::of(Verdict::Void, false, true), Exit(105));
        assert_eq!(Exit::of(Verdict::Void, false, false), Exit(98));
        assert_eq!(Exit::of(Verdict::Fail, false, false), Exit(99));
        assert_eq!(Exit::of(Verdict::Pass, false, false), Exit(0));
    }
}
