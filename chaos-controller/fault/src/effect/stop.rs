//! `stop`: the target is stopped, and stays so until the fault ends; then it is started again. It
//! is gone for its callers, unlike one that is frozen, and nobody brings it back, unlike one that
//! was killed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {}
