//! `error`: the callee fails, and says so. Nothing is committed. With `retry_after` it also says
//! when to come again, as a 429 or 503 does.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Span;
use crate::check::Problems;
use crate::field::Field;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Error {
    /// Of the answer.
    #[schemars(range(min = 400, max = 599))]
    pub status: u16,
    /// Header `Retry-After`, in whole seconds, rounded up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Span>,
}

impl Error {
    pub(crate) const FIELDS: &[Field] =
        &[Field::required::<u16>("status"), Field::optional::<Span>("retry_after")];

    pub fn new(status: u16) -> Self {
        Self { status, retry_after: None }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.status("effect.error.status", self.status);
        if let Some(after) = self.retry_after {
            problems.at_most("effect.error.retry_after", after, LONGEST_RETRY_AFTER);
        }
    }
}

/// A longer one is a refusal for good.
pub(super) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);
