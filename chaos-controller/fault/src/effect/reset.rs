//! `reset`: the exchange breaks off, and no byte of an answer comes. Whether anything was done is
//! what the caller cannot know, and the choice of `after_commit`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::Field;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// What the call asked for is done before it breaks off. Default: it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub after_commit: bool,
}

impl Reset {
    pub(crate) const FIELDS: &[Field] = &[Field::optional::<bool>("after_commit")];
}
