//! `restart_loop`: a process that cannot stay up. It is killed so long after each start; how soon
//! it starts again is the guard's backoff, which grows as it does for any crash loop.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kill::{LONGEST_EVERY, SHORTEST_EVERY};
use crate::Span;
use crate::check::Problems;
use crate::field::Field;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestartLoop {
    /// How long it lives each time. The first time counts from when the fault is applied.
    pub every: Span,
}

impl RestartLoop {
    pub(crate) const FIELDS: &[Field] = &[Field::required::<Span>("every")];

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.between("effect.restart_loop.every", self.every, SHORTEST_EVERY, LONGEST_EVERY);
    }
}
