//! `drill.yaml`. Variants are overlays (RFC 7386) on everything else in the file.

use std::collections::BTreeMap;

use fault::FaultSpec;
use resilience::policy::{Bound, Span};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::condition::{GuardrailFile, OwnCriterionFile, SteadyFile};
use crate::aftermath::{After, Metastable};
use crate::journey::Journey;
use crate::plan::{Arrivals, RubricRow};
use crate::trigger::{DoublesFrom, Repeat, Surge};

/// A drill.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Firedrill drill")]
pub(crate) struct DrillFile {
    /// The version of the format. This one is 1.
    #[schemars(extend("const" = 1))]
    #[expect(dead_code, reason = "the schema checks it")]
    pub(crate) version: u32,
    /// The name of the drill's folder: lower-case words joined by `-`.
    pub(crate) name: String,
    pub(crate) title: String,
    /// What has happened, as a candidate is told it.
    pub(crate) story: String,
    /// The text of the page that wakes the candidate.
    pub(crate) alert: String,
    /// What the fault is expected to do, said before it does it.
    pub(crate) hypothesis: String,
    /// Who is expected to be hurt.
    pub(crate) blast_radius: Vec<String>,
    /// Where every draw begins.
    #[serde(default = "one")]
    pub(crate) seed: u64,
    /// What the lab is made of.
    #[serde(default)]
    pub(crate) lab: LabFile,
    pub(crate) load: LoadFile,
    pub(crate) bank: BankFile,
    #[serde(default)]
    pub(crate) search: SearchFile,
    /// The naive policy document that the run starts from.
    pub(crate) policy: Value,
    /// Where the policy must stay from recovery to the end.
    #[serde(default)]
    #[schemars(with = "Vec<BoundFile>")]
    pub(crate) safe_bounds: Vec<Bound>,
    pub(crate) baseline: BaselineFile,
    /// The faults, by id. Only a drill with a surge may have none.
    #[serde(default)]
    pub(crate) timeline: BTreeMap<String, FaultFile>,
    /// Quiet time between the end of the last fault and the replay.
    pub(crate) clear: Span,
    pub(crate) replay: ReplayFile,
    /// At most this long after the replay for the last pending order.
    pub(crate) settle_limit: Span,
    pub(crate) recovered: RecoveredFile,
    /// That the shop is down although its trigger is gone: proven before the handover, unless somebody has acted by then.
    /// Only where recovery is judged after the trigger is removed.
    #[serde(default)]
    pub(crate) metastable: Option<Metastable>,
    #[serde(default)]
    pub(crate) proof: ProofFile,
    /// After the start of the faults: the outage is full, and a person's clock starts.
    #[serde(default)]
    pub(crate) handover: Option<Span>,
    /// How long a person has from the handover. Default 15m.
    #[serde(default = "quarter_of_an_hour")]
    pub(crate) budget: Span,
    /// The criteria that must pass. Default: all.
    #[serde(default = "all_criteria")]
    pub(crate) required: Vec<Criterion>,
    /// What must hold before a fault may begin, besides the goodput.
    #[serde(default)]
    pub(crate) steady_state: Vec<SteadyFile>,
    /// What stops the run, at any time before the books are closed.
    #[serde(default)]
    pub(crate) guardrails: Vec<GuardrailFile>,
    /// What is judged besides the criteria that every drill has.
    #[serde(default)]
    pub(crate) criteria: Vec<OwnCriterionFile>,
    /// The parts of a person's session, from the handover.
    #[serde(default)]
    pub(crate) agenda: Vec<AgendaFile>,
    #[serde(default)]
    pub(crate) hints: Option<HintsFile>,
    /// What each row of the scorecard looks like in this drill.
    #[serde(default)]
    pub(crate) rubric: BTreeMap<String, RubricRow>,
    /// Questions for afterwards.
    #[serde(default)]
    pub(crate) debrief: Vec<String>,
}

/// The shape of a [`Bound`], for the schema.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bound")]
#[expect(dead_code, reason = "only its schema is used")]
struct BoundFile {
    /// Of one value of the policy, `services.payment.server.workers`.
    path: String,
    /// Inclusive; times in seconds.
    min: Option<f64>,
    /// Inclusive; times in seconds.
    max: Option<f64>,
}

/// The lab's processes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabFile {
    /// How many instances a service has at the start. Default: one. Workers are of each instance, and instances do not
    /// scale.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Instances>")]
    pub(crate) instances: BTreeMap<String, u32>,
}

/// A number of instances, for the schema.
#[derive(JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
struct Instances(#[schemars(range(min = 1, max = 32))] u32);

/// The load, open loop.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoadFile {
    /// Distinct user ids.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub(crate) users: u32,
    /// A user leaves after this.
    pub(crate) patience: Span,
    #[serde(default = "poisson")]
    pub(crate) arrivals: Arrivals,
    pub(crate) journeys: JourneysFile,
    /// A surge of users instead of a fault. It begins 3 s after the baseline's time, and comes again as the replay.
    #[serde(default)]
    pub(crate) surge: Option<Surge>,
}

/// What users do. A journey that is not listed is not played.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JourneysFile {
    pub(crate) home: Option<JourneyFile>,
    pub(crate) search: Option<JourneyFile>,
    pub(crate) account: Option<JourneyFile>,
    pub(crate) prepare_checkout: Option<JourneyFile>,
    pub(crate) checkout: Option<JourneyFile>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JourneyFile {
    /// Requests per second at scale 1.
    #[schemars(range(max = 100_000), extend("exclusiveMinimum" = 0))]
    pub(crate) rate: f64,
    pub(crate) slo: SloFile,
}

/// A share of the requests within a latency.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SloFile {
    pub(crate) latency: Span,
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub(crate) share: f64,
}

/// The bank in health.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BankFile {
    pub(crate) latency: Span,
    /// Share of the latency, uniform on both sides. Default 0.05.
    #[serde(default = "jitter")]
    #[schemars(range(min = 0, max = 1))]
    pub(crate) jitter: f64,
    pub(crate) lookup_latency: Span,
    /// The same book at another address, which the policy `shift` can send charges to. Default: there is none.
    #[serde(default)]
    pub(crate) second_region: Option<SecondRegionFile>,
}

/// The bank's second region, slower and dearer. Faults act on the main one unless they say `region`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondRegionFile {
    pub(crate) latency: Span,
    /// Default 20ms.
    #[serde(default = "fiftieth_of_a_second")]
    pub(crate) lookup_latency: Span,
    /// What the bank takes for each charge made there, in cents. The scorecard reports the sum.
    #[schemars(range(max = 1_000_000))]
    pub(crate) fee_cents: u32,
}

/// Search in health.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchFile {
    /// How long its index takes to answer a query. Default 0s: looking around costs nobody a worker.
    #[serde(default)]
    pub(crate) index_latency: Span,
}

/// The steady state to be proven first.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaselineFile {
    #[serde(rename = "for")]
    pub(crate) length: Span,
    /// The last part of it, which is judged. Default 10s.
    #[serde(default = "ten_seconds")]
    pub(crate) proven_for: Span,
    /// Least goodput of every journey. Default 0.99.
    #[serde(default = "share_99")]
    #[schemars(range(min = 0, max = 1))]
    pub(crate) goodput: f64,
}

/// A fault of the timeline.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultFile {
    /// Whom: `bank`, or for a fault of processes also a service or an instance of the shop. Default: bank.
    #[serde(default = "crate::plan::bank")]
    pub(crate) target: String,
    /// After the end of the baseline. Default 0s.
    #[serde(default)]
    pub(crate) at: Span,
    #[serde(rename = "for")]
    pub(crate) length: Span,
    /// It comes back: rounds of `for`, each beginning `every` after the one before.
    #[serde(default)]
    pub(crate) repeat: Option<Repeat>,
    pub(crate) spec: FaultSpec,
}

/// The trigger, fired again.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayFile {
    /// As in the timeline. Default: bank.
    #[serde(default = "crate::plan::bank")]
    pub(crate) target: String,
    #[serde(rename = "for")]
    pub(crate) length: Span,
    /// Of the fault; a drill with a surge has none here.
    #[serde(default)]
    pub(crate) spec: Option<FaultSpec>,
}

/// What recovered means.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecoveredFile {
    /// Whether the shop must be well while the faults are on, or once they are gone. Default: fault.
    #[serde(default)]
    pub(crate) after: After,
    /// Only after `trigger_removed`: how long a script has from the handover until the recovered windows begin, and how
    /// soon they must begin when the trigger that was fired again ends. Default 60s.
    #[serde(default)]
    pub(crate) within: Option<Span>,
    pub(crate) windows: WindowsFile,
    /// How long it must last. Default 20s.
    #[serde(default = "twenty_seconds")]
    pub(crate) hold: Span,
    /// Least goodput of every journey. Default 0.95.
    #[serde(default = "share_95")]
    #[schemars(range(min = 0, max = 1))]
    pub(crate) goodput: f64,
    /// The journeys that recovery is judged by: a drill may teach to let others go. Default: all.
    #[serde(default)]
    pub(crate) journeys: Vec<Journey>,
    /// Default: start.
    #[serde(default)]
    pub(crate) doubles_from: DoublesFrom,
    /// Default 100ms.
    #[serde(default = "tenth_of_a_second")]
    pub(crate) queue_wait_p99: Span,
    /// Most attempts per call. Default 1.05.
    #[serde(default = "amplification")]
    #[schemars(range(min = 1, max = 100))]
    pub(crate) amplification: f64,
    /// Most share of pending orders while the bank is healthy. Default 0.01.
    #[serde(default = "share_01")]
    #[schemars(range(min = 0, max = 1))]
    pub(crate) pending_share: f64,
    /// A pending order is good this long after the trigger. Default 10s.
    #[serde(default = "ten_seconds")]
    pub(crate) pending_grace: Span,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WindowsFile {
    #[schemars(range(min = 1, max = 1_000))]
    pub(crate) count: u32,
    pub(crate) length: Span,
}

/// When a run counts at all.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProofFile {
    /// Default 0.05.
    #[schemars(range(min = 0, max = 1))]
    pub(crate) dose_share: f64,
    /// Default 2ms.
    pub(crate) dose_abs: Span,
    /// Default 0.99.
    #[schemars(range(min = 0, max = 1))]
    pub(crate) achieved: f64,
    /// Default 50ms.
    pub(crate) lateness_p99: Span,
}

impl Default for ProofFile {
    fn default() -> Self {
        ProofFile {
            dose_share: 0.05,
            dose_abs: Span::millis(2),
            achieved: 0.99,
            lateness_p99: Span::millis(50),
        }
    }
}

/// What a run is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Criterion {
    Goodput,
    QueueWait,
    Amplification,
    Hold,
    Replay,
    SafeBounds,
    Services,
    Money,
    Residue,
}

impl Criterion {
    pub(crate) const ALL: [Criterion; 9] = [
        Criterion::Goodput,
        Criterion::QueueWait,
        Criterion::Amplification,
        Criterion::Hold,
        Criterion::Replay,
        Criterion::SafeBounds,
        Criterion::Services,
        Criterion::Money,
        Criterion::Residue,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Criterion::Goodput => "goodput",
            Criterion::QueueWait => "queue_wait",
            Criterion::Amplification => "amplification",
            Criterion::Hold => "hold",
            Criterion::Replay => "replay",
            Criterion::SafeBounds => "safe_bounds",
            Criterion::Services => "services",
            Criterion::Money => "money",
            Criterion::Residue => "residue",
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgendaFile {
    pub(crate) name: String,
    #[serde(rename = "for")]
    pub(crate) length: Span,
    /// Questions that whoever conducts the session may ask then. The candidate is not shown them.
    #[serde(default)]
    pub(crate) prompts: Vec<String>,
}

/// Help in four levels, mildest first.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HintsFile {
    pub(crate) nudge: String,
    pub(crate) direction: String,
    pub(crate) partial: String,
    pub(crate) full: String,
}

impl HintsFile {
    /// Mildest first.
    pub(crate) fn levels(self) -> [(&'static str, String); 4] {
        [("nudge", self.nudge), ("direction", self.direction), ("partial", self.partial), ("full", self.full)]
    }
}

fn one() -> u64 {
    1
}

fn poisson() -> Arrivals {
    Arrivals::Poisson
}

fn jitter() -> f64 {
    0.05
}

fn share_99() -> f64 {
    0.99
}

fn share_95() -> f64 {
    0.95
}

fn share_01() -> f64 {
    0.01
}

fn amplification() -> f64 {
    1.05
}

fn tenth_of_a_second() -> Span {
    Span::millis(100)
}

fn fiftieth_of_a_second() -> Span {
    Span::millis(20)
}

fn ten_seconds() -> Span {
    Span::seconds(10)
}

fn twenty_seconds() -> Span {
    Span::seconds(20)
}

fn quarter_of_an_hour() -> Span {
    Span::seconds(15 * 60)
}

fn all_criteria() -> Vec<Criterion> {
    Criterion::ALL.to_vec()
}
