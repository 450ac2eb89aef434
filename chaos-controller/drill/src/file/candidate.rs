//! `candidates/<name>.yaml`: a script that plays a candidate, and the verdict it must get.

use std::collections::BTreeMap;

use evidence::Said;
use resilience::policy::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
    /// policy, decide: why.
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
    /// The words.
    #[serde(default)]
    text: Option<String>,
    /// say: team, users or stakeholders. hand_over: who goes on.
    #[serde(default)]
    to: Option<String>,
    /// severity: sev1 to sev4. hint: nudge, direction, partial or full; the next one if it is left out.
    #[serde(default)]
    level: Option<String>,
    /// role: commander, operations, communications, scribe or expert.
    #[serde(default)]
    role: Option<String>,
    /// role: who takes it.
    #[serde(default)]
    name: Option<String>,
    /// hypothesis, task: what conclude and done call it.
    #[serde(default)]
    id: Option<String>,
    /// hypothesis: what will be seen if it is so.
    #[serde(default)]
    prediction: Option<String>,
    /// hypothesis: what would change the mind.
    #[serde(default)]
    reversal: Option<String>,
    /// conclude: held, refuted or open.
    #[serde(default)]
    outcome: Option<String>,
    /// decide: what it should do.
    #[serde(default)]
    expect: Option<String>,
    /// decide: how it is taken back.
    #[serde(default)]
    undo: Option<String>,
    /// task: who does it.
    #[serde(default)]
    owner: Option<String>,
    /// acknowledge: which alert; the page itself if it is left out.
    #[serde(default)]
    alert: Option<String>,
    /// diagnose: what is broken.
    #[serde(default)]
    root_cause: Option<String>,
    /// diagnose: why it breaks the shop, step by step.
    #[serde(default)]
    mechanism: Option<Vec<String>>,
    /// diagnose: how it climbed, the first to break first.
    #[serde(default)]
    propagation: Option<Vec<String>>,
}

impl StepFile {
    /// What it says; `None` for an act on the shop, and for words that a check has refused.
    pub(crate) fn said(self) -> Option<Said> {
        let StepFile { verb, reason, text, to, level, role, name, id, prediction, reversal, .. } = self;
        let StepFile { outcome, expect, undo, owner, alert, root_cause, mechanism, propagation, .. } = self;
        let mut fields = json!({
            "verb": verb, "reason": reason, "text": text, "to": to, "level": level, "role": role, "name": name,
            "id": id, "prediction": prediction, "reversal": reversal, "outcome": outcome, "expect": expect,
            "undo": undo, "owner": owner, "alert": alert, "root_cause": root_cause, "mechanism": mechanism,
            "propagation": propagation,
        });
        fields.as_object_mut()?.retain(|_, value| !value.is_null());
        // Left out, they are the next ones.
        match verb {
            Verb::Hypothesis | Verb::Task => fields["id"] = json!(id.unwrap_or_default()),
            Verb::Hint => fields["level"] = json!(level.unwrap_or_default()),
            _ => {}
        }
        serde_json::from_value(fields).ok()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    Policy,
    Restart,
    Scale,
    DeclareRecovered,
    Say,
    Severity,
    Role,
    Hypothesis,
    Conclude,
    Decide,
    Task,
    Done,
    Acknowledge,
    HandOver,
    Diagnose,
    Hint,
}

impl Verb {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Verb::Policy => "policy",
            Verb::Restart => "restart",
            Verb::Scale => "scale",
            Verb::DeclareRecovered => "declare_recovered",
            Verb::Say => "say",
            Verb::Severity => "severity",
            Verb::Role => "role",
            Verb::Hypothesis => "hypothesis",
            Verb::Conclude => "conclude",
            Verb::Decide => "decide",
            Verb::Task => "task",
            Verb::Done => "done",
            Verb::Acknowledge => "acknowledge",
            Verb::HandOver => "hand_over",
            Verb::Diagnose => "diagnose",
            Verb::Hint => "hint",
        }
    }

    /// The keys that it needs, all of them.
    pub(crate) fn keys(self) -> &'static [&'static str] {
        match self {
            Verb::Policy => &["patch", "reason"],
            Verb::Restart => &["services"],
            Verb::Scale => &["service", "instances"],
            Verb::Say => &["text"],
            Verb::Severity => &["level"],
            Verb::Role => &["role", "name"],
            Verb::Hypothesis => &["text", "prediction", "reversal"],
            Verb::Conclude => &["id", "outcome"],
            Verb::Decide => &["text", "reason"],
            Verb::Task => &["text", "owner"],
            Verb::Done => &["id"],
            Verb::HandOver => &["to", "text"],
            Verb::DeclareRecovered | Verb::Acknowledge | Verb::Diagnose | Verb::Hint => &[],
        }
    }

    /// The keys that it may have besides.
    pub(crate) fn options(self) -> &'static [&'static str] {
        match self {
            Verb::Say => &["to"],
            Verb::Severity | Verb::Conclude | Verb::Done => &["text"],
            Verb::Hypothesis | Verb::Task => &["id"],
            Verb::Decide => &["expect", "undo"],
            Verb::Acknowledge => &["alert", "text"],
            Verb::Diagnose => &["text", "root_cause", "mechanism", "propagation"],
            Verb::Hint => &["level"],
            _ => &[],
        }
    }
}

/// Every key that some verb has.
pub(crate) const KEYS: [&str; 21] = [
    "patch",
    "reason",
    "services",
    "service",
    "instances",
    "text",
    "to",
    "level",
    "role",
    "name",
    "id",
    "prediction",
    "reversal",
    "outcome",
    "expect",
    "undo",
    "owner",
    "alert",
    "root_cause",
    "mechanism",
    "propagation",
];

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
