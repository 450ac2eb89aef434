//! The document itself: one row per service, a default row `*`, and the feature flags.
//!
//! Every field is optional, because a row says only what differs: `*` is the default and the most specific
//! row wins, field by field. What a service ends up with is a [`super::Snapshot`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::CallPolicy;
use super::server::ServerPolicy;
use super::setting::{Setting, Switch};
use super::span::Span;

/// The version of the format that this code reads. A newer one is refused, never half understood.
pub const VERSION: u32 = 1;

/// The resilience policies of the whole shop.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Firedrill policy document")]
pub struct Document {
    /// The version of the format. This one is 1.
    #[schemars(extend("const" = 1))]
    pub version: u32,
    /// A row per service; the row `*` is the default of all.
    #[serde(default)]
    pub services: BTreeMap<String, ServicePolicy>,
    /// Features of the shop that can be switched off. A flag that is not listed is on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<String, Switch>,
    /// What was written, from which the rows are laid over each other: a typed row has forgotten which of its fields
    /// were said and which are defaults.
    #[serde(skip)]
    written: Value,
}

impl Document {
    /// Types a written document, unchecked; [`super::parse`] is for what a person wrote.
    ///
    /// # Errors
    /// Of serde, the first thing that does not fit.
    pub fn read(written: Value) -> serde_json::Result<Document> {
        let typed: Document = Document::deserialize(&written)?;
        Ok(Document { written, ..typed })
    }

    pub(super) fn written(&self) -> &Value {
        &self.written
    }
}

/// What one service does as a server, as a caller, and beside both.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServicePolicy {
    /// Its worker pool and its queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerPolicy>,
    /// What it does when it calls: a row per `target.Method`; the row `*` is the default of all its calls.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub calls: BTreeMap<String, CallPolicy>,
    /// Order only: asks the bank about charges with an unknown end, and settles them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settler: Option<Setting<SettlerPolicy>>,
    /// Frontend only: how long a user's request may take in all. Every hop passes on what is left of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Setting<Span>>,
}

/// How fast the settler may work.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettlerPolicy {
    /// Charges settled per second, at most.
    #[schemars(range(max = 1_000_000), extend("exclusiveMinimum" = 0))]
    pub rate: f64,
}
