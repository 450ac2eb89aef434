//! `disconnect`: the target is cut off from the network, in both directions. It lives and has its
//! state; nobody reaches it, and it reaches nobody.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disconnect {}
