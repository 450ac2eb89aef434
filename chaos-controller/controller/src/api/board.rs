//! `GET /api/board`: one page about the lab, as `firedrill watch` shows it. Each figure is what the query of that
//! name in `queries` comes to at `lab_ms`, except for what only the controller knows: journeys' goodput, memory, events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::alerts::Alert;
use super::{Event, RunStatus};

/// The page.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Board {
    pub lab: String,
    /// Milliseconds since the start of the lab.
    pub lab_ms: u64,
    /// Milliseconds since the start of the run that is on, else of the lab.
    pub t_ms: u64,
    /// The run that is on, or the last one.
    pub run: Option<RunStatus>,
    pub policy_version: u64,
    pub halted: bool,
    /// Alerts that fire, each in a few words.
    pub alerts: Vec<String>,
    /// The same ones in full.
    #[serde(default)]
    pub firing: Vec<Alert>,
    /// Requests per second that the generator offers, over the last seconds; `None` without load.
    pub offered: Option<f64>,
    /// Requests of users that have not ended, over the last seconds.
    pub in_flight: Option<f64>,
    pub journeys: Vec<Journey>,
    pub services: Vec<Service>,
    pub edges: Vec<Edge>,
    /// Orders that are in a state now.
    pub orders_open: BTreeMap<String, f64>,
    /// Charges per second.
    pub charges: BTreeMap<String, f64>,
    /// Resident memory of the whole lab, in MiB.
    pub rss_mib: f64,
    /// The youngest last.
    pub events: Vec<Past>,
    /// The PromQL behind the figures, by what they are.
    pub queries: BTreeMap<String, String>,
}

/// What the users of one journey see.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Journey {
    pub journey: String,
    /// Requests per second that ended.
    pub rate: f64,
    /// Share answered correctly and in time, over the last seconds; `None` if nobody was served.
    pub goodput: Option<f64>,
    pub p99_seconds: Option<f64>,
    /// Goodput of each of the last seconds, the youngest last.
    pub history: Vec<Option<f64>>,
}

/// One service, all instances together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Service {
    pub service: String,
    /// Instances that answer scrapes, of how many.
    pub up: u32,
    pub instances: u32,
    pub busy: Option<f64>,
    pub workers: Option<f64>,
    /// Requests under way, of a service without workers of ours.
    #[serde(default)]
    pub active: Option<f64>,
    pub queued: Option<f64>,
    pub capacity: Option<f64>,
    pub wait_p99_seconds: Option<f64>,
    /// Requests per second that were answered.
    pub rate: Option<f64>,
    /// Of these, failed ones (5xx, or their gRPC kin).
    pub errors: Option<f64>,
    pub rss_mib: f64,
}

/// The calls of one service to one method of another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    pub service: String,
    pub target: String,
    pub method: String,
    /// Calls per second that ended.
    pub calls: f64,
    /// Attempts per second that ended, by outcome.
    pub attempts: BTreeMap<String, f64>,
    /// Attempts per second that ended in the last minute: an edge on which nothing ends any more had some.
    #[serde(default)]
    pub recent: f64,
    /// Of the calls that ended in the last 10 s; `None` if none did. A call that hangs has no latency yet.
    #[serde(default)]
    pub p99_seconds: Option<f64>,
    /// State of its breaker; `None` if it has none.
    pub breaker: Option<String>,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Past {
    /// Milliseconds since.
    pub ago_ms: u64,
    pub event: Event,
}
