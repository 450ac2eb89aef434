//! `freeze`: SIGSTOP. The process holds its connections and answers nothing; its callers wait for
//! as long as their patience lasts. It goes on where it was when the fault ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freeze {}
