//! `commit_then_fail`: what was asked for is done, and the answer says that it failed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Problems;
use crate::field::Field;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitThenFail {
    /// Of the answer.
    #[schemars(range(min = 400, max = 599))]
    pub status: u16,
}

impl CommitThenFail {
    pub(crate) const FIELDS: &[Field] = &[Field::required::<u16>("status")];

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.status("effect.commit_then_fail.status", self.status);
    }
}
