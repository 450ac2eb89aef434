//! `candidates/<name>.yaml`: a script that plays a candidate, and the verdict it must get.

use std::collections::BTreeMap;

use resilience::policy::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::condition::Condition;

/// A planted candidate.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Firedrill candidate")]
#[expect(dead_code, reason = "read as a tree, step by step; this is its schema")]
pub(crate) struct CandidateFile {
    /// What this candidate believes, and why it is planted.
    #[serde(default)]
    pub(crate) about: Option<String>,
    /// What it does, in any order.
    pub(crate) steps: Vec<StepFile>,
    /// Other steps, or another verdict, for a variant.
    #[serde(default)]
    pub(crate) variants: BTreeMap<String, OwnFile>,
    /// The verdict it must get. Only tests read it; it never enters a run.
    #[serde(default)]
    pub(crate) expect: Option<Expect>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read as a tree; this is its schema")]
pub(crate) struct OwnFile {
    /// What it does there. Default: the same.
    #[serde(default)]
    pub(crate) steps: Option<Vec<StepFile>>,
    /// The verdict that it must get there. Default: the same.
    #[serde(default)]
    pub(crate) expect: Option<Expect>,
}

/// One act. Which keys belong to it depends on `do`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepFile {
    /// After the start of the faults; with `when`, not before.
    #[serde(default)]
    pub(crate) at: Option<Span>,
    /// Once a condition has held for its time. It fires at most once.
    #[serde(default)]
    pub(crate) when: Option<Condition>,
    #[serde(rename = "do")]
    pub(crate) verb: Verb,
    /// policy: a merge patch on the policy in force.
    #[serde(default)]
    pub(crate) patch: Option<Value>,
    /// policy: why.
    #[serde(default)]
    pub(crate) reason: Option<String>,
    /// restart: which services.
    #[serde(default)]
    pub(crate) services: Option<Vec<Service>>,
    /// scale: which service.
    #[serde(default)]
    pub(crate) service: Option<Service>,
    /// scale: to how many.
    #[serde(default)]
    #[schemars(range(min = 0, max = 32))]
    pub(crate) instances: Option<u32>,
    /// say, diagnose: the words.
    #[serde(default)]
    pub(crate) text: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    Policy,
    Restart,
    Scale,
    Say,
    Diagnose,
    DeclareRecovered,
}

impl Verb {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Verb::Policy => "policy",
            Verb::Restart => "restart",
            Verb::Scale => "scale",
            Verb::Say => "say",
            Verb::Diagnose => "diagnose",
            Verb::DeclareRecovered => "declare_recovered",
        }
    }

    /// The keys that it needs, all of them.
    pub(crate) fn keys(self) -> &'static [&'static str] {
        match self {
            Verb::Policy => &["patch", "reason"],
            Verb::Restart => &["services"],
            Verb::Scale => &["service", "instances"],
            Verb::Say | Verb::Diagnose => &["text"],
            Verb::DeclareRecovered => &[],
        }
    }
}

/// A service of the shop. The bank is somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Service {
    Frontend,
    Cart,
    Search,
    Account,
    Order,
    Payment,
    Inventory,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Service::Frontend => "frontend",
            Service::Cart => "cart",
            Service::Search => "search",
            Service::Account => "account",
            Service::Order => "order",
            Service::Payment => "payment",
            Service::Inventory => "inventory",
        }
    }
}

/// The verdict that a planted candidate must get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The exit code of the run.
    #[schemars(range(min = 0, max = 255))]
    pub exit: i32,
    /// Criterion to status; criteria that are not listed may be anything.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Status>")]
    pub criteria: BTreeMap<String, String>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum Status {
    Pass,
    Fail,
    Unknown,
}
