//! The document form of a fault. Externally tagged, unknown keys refused.
//!
//! The same type is read from drill files, sent to the bank and to the guard, and kept in the journal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Effect, Ramp, Span};

/// One fault: what it does, to what share of which calls, how it grows, and its lease.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// What happens to a call that is hit.
    pub effect: Effect,
    /// The share of calls that are hit, 0 to 1. Only for faults of the bank, as is `path`.
    #[serde(default = "all_calls", skip_serializing_if = "is_all_calls")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// Which calls can be hit.
    #[serde(default, skip_serializing_if = "is_default_path")]
    pub path: Path,
    /// Calls of which region of the bank. Only for faults of the bank, as is `path`.
    #[serde(default, skip_serializing_if = "is_default_region")]
    pub region: Region,
    /// How the latency grows after the fault is applied. Only for `latency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp: Option<Ramp>,
    /// How long the fault outlives its last renewal.
    #[serde(default = "default_lease", skip_serializing_if = "is_default_lease")]
    pub lease: Span,
}

/// The calls that a fault can hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    All,
    /// What a slow bank is about.
    #[default]
    Charge,
    Lookup,
}

/// Where the bank is called: its regions share their book and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    All,
    /// The bank, where nobody says more.
    #[default]
    Main,
    /// The one that a drill may declare beside it.
    Second,
}

impl FaultSpec {
    /// A fault with this effect, on every charge of the main region, with no ramp and the default lease.
    pub fn new(effect: Effect) -> Self {
        Self {
            effect,
            share: all_calls(),
            path: Path::default(),
            region: Region::default(),
            ramp: None,
            lease: default_lease(),
        }
    }
}

impl Path {
    /// Whether a fault on `self` can hit a call on `call`.
    pub fn covers(self, call: Path) -> bool {
        self == Self::All || self == call
    }
}

impl Region {
    /// Whether a fault on `self` can hit a call of region `call`.
    pub fn covers(self, call: Region) -> bool {
        self == Self::All || self == call
    }
}

fn all_calls() -> f64 {
    1.0
}

fn is_all_calls(share: &f64) -> bool {
    *share == all_calls()
}

fn is_default_path(path: &Path) -> bool {
    *path == Path::default()
}

fn is_default_region(region: &Region) -> bool {
    *region == Region::default()
}

fn default_lease() -> Span {
    Span::from_secs(10)
}

fn is_default_lease(lease: &Span) -> bool {
    *lease == default_lease()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_spec_reads_and_writes_its_plain_form() {
        for document in [
            json!({"effect": {"latency": {"fixed": {"value": "30s"}}}}),
            json!({"effect": {"latency": {"pareto": {"p50": "100ms", "p99": "2s"}}}, "share": 0.5, "path": "all"}),
            json!({"effect": {"hang": {}}, "lease": "5s"}),
            json!({"effect": {"hang": {}}, "region": "second"}),
            json!({"effect": {"commit_then_fail": {"status": 502}}, "path": "lookup"}),
            json!({"effect": {"latency": {"fixed": {"value": "30s"}}}, "ramp": {"from": "100ms", "over": "1m", "shape": "geometric"}}),
        ] {
            let spec: FaultSpec = serde_json::from_value(document.clone()).unwrap();
            assert_eq!(serde_json::to_value(&spec).unwrap(), document);
        }
    }

    #[test]
    fn unknown_keys_are_refused_at_every_level() {
        for document in [
            json!({"effect": {"hang": {}}, "lese": "5s"}),
            json!({"effect": {"hang": {"x": 1}}}),
            json!({"effect": {"latency": {"fixed": {"value": "30s", "x": 1}}}}),
            json!({"effect": {"error": {"status": 503, "x": 1}}}),
        ] {
            assert!(serde_json::from_value::<FaultSpec>(document).is_err());
        }
    }
}
