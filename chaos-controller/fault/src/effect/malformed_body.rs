//! `malformed_body`: what was asked for is done, the status says so, and the body is cut in half:
//! it is no JSON any more.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MalformedBody {}

impl MalformedBody {
    /// How much of a body of `length` bytes is sent.
    pub fn kept(&self, length: usize) -> usize {
        length / 2
    }
}
