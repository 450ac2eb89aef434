//! What a service does as a server: workers, the queue before them, bulkheads between its methods.
//!
//! Only the written form of what has no module of its own; the pool that obeys it is [`crate::pool`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::setting::Setting;
use crate::concurrency::Concurrency;
use crate::deadline::Deadline;
use crate::pool::Queue;

/// The worker pool of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerPolicy {
    /// How many requests run at once. Default 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub workers: Option<u32>,
    /// The queue before the workers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Queue>,
    /// How many of the workers may run at once, learned from the time in the handler. Default `off`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Setting<Concurrency>>,
    /// What happens to the work of a caller that has left: `off` = it is done all the same, `queued` = it is
    /// dropped while it waits, `all` = it is dropped even while it runs. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<Cancel>,
    /// Workers that one method may hold at most, by the name of the method. A method that is not listed may
    /// hold them all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, Places>")]
    pub bulkheads: BTreeMap<String, u32>,
    /// What it does with the deadline of a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
}

/// Whose work is dropped when its caller has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Cancel {
    #[default]
    Off,
    Queued,
    All,
}

/// A number of places.
// It exists only to carry the range into the schema of maps and settings.
#[derive(JsonSchema)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Places(#[schemars(range(min = 1, max = 100_000))] u32);
