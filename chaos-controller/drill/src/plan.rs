//! The plan: everything one run needs, decided before it starts. Scale is applied, times are
//! concrete, defaults are filled in; the run and the grader read nothing else of the drill.
//! Leaves out what only tests may know (a candidate's expected verdict).
//!
//! ```text
//!   run start        t0 = first fault may begin                    heal       replay
//!   |--- baseline ---|--- faults (at, for) ---------------------------|-- clear --|-- for --|-- settle ..
//!                    |        ^handover   ^candidate steps (at)       |
//! ```
//! All `at` are counted from t0, the end of the baseline.

use std::{collections::BTreeMap, time::Duration};

use evidence::Said;
use fault::FaultSpec;
use resilience::policy::Bound;
use resilience::policy::topology::BANK;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::{
    aftermath::Aftermath,
    condition::{Condition, Guardrail, OwnCriterion, Steady},
    journey::Journey,
    scale::Scale,
    source::Mode,
    time::{word, word_or_nothing},
    trigger::{DoublesFrom, Repeat, Surge},
};

/// An outage that users do not show this long after its time is handed over to a person all the same: not every outage
/// is one of goodput.
pub const LATE_HANDOVER: Duration = Duration::from_secs(10);
/// The second until it is seen that it is time, the handover itself, and one to spare.
const HANDING_OVER: Duration = Duration::from_secs(3);

/// The budget of a person who learns: a working day, which is as good as no clock. It still ends, because what is left
/// running overnight must not run for ever.
pub const NO_CLOCK: Duration = Duration::from_secs(8 * 3600);

/// Added to the limit of settling for a person, at most: nobody waits longer for a verdict.
const LONGEST_SETTLING: Duration = Duration::from_secs(3600);

/// A validated, scaled drill, ready to run. Saved as `plan.yaml` (JSON is YAML).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub drill: String,
    pub variant: String,
    pub seed: u64,
    pub scale: Scale,
    pub mode: Mode,
    pub title: String,
    pub story: String,
    pub alert: String,
    pub hypothesis: String,
    pub blast_radius: Vec<String>,
    /// The script that plays the candidate. `None`: a person does, and the faults then hold until
    /// `declare_recovered` or the end of `budget`, instead of for `Fault::length`.
    pub candidate: Option<CandidatePlan>,
    /// How many instances a service has at the start; one that is not named has one. Not scaled.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub instances: BTreeMap<String, u32>,
    pub load: Load,
    pub bank: Bank,
    #[serde(default)]
    pub search: Search,
    /// The naive policy document that the run starts from.
    pub policy: Value,
    pub safe_bounds: Vec<Bound>,
    pub baseline: Baseline,
    /// What must hold besides the goodput, over `Baseline::proven_for`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steady_state: Vec<Steady>,
    /// What stops the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guardrails: Vec<Guardrail>,
    /// What is judged besides the criteria that every drill has; required or not as they say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<OwnCriterion>,
    /// By `at`, then id.
    pub faults: Vec<Fault>,
    /// Quiet time between the end of the last fault and the replay.
    #[serde(with = "word")]
    pub clear: Duration,
    pub replay: Replay,
    /// At most this long after the replay for the last pending order to be settled.
    #[serde(with = "word")]
    pub settle_limit: Duration,
    pub windows: Windows,
    /// How long the shop must stay recovered.
    #[serde(with = "word")]
    pub hold: Duration,
    /// Recovery is judged once the faults are gone. `None`: while they are on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aftermath: Option<Aftermath>,
    pub thresholds: Thresholds,
    /// After t0: the moment when the outage is full, and a person's clock starts.
    #[serde(with = "word_or_nothing")]
    pub handover: Option<Duration>,
    /// How long a person has from the handover.
    #[serde(with = "word")]
    pub budget: Duration,
    /// The criteria that must pass, by name.
    pub required: Vec<String>,
    pub agenda: Vec<AgendaItem>,
    pub hints: Vec<Hint>,
    pub rubric: BTreeMap<String, RubricRow>,
    pub debrief: Vec<String>,
}

impl Plan {
    /// After t0: the end of the last fault, or of the surge, by the timeline.
    #[must_use]
    pub fn heal_at(&self) -> Duration {
        let surge = self.load.surge.map(|surge| surge.length);
        self.faults.iter().map(Fault::ends_at).chain(surge).max().unwrap_or_default()
    }

    /// How long it takes to see that the shop is well again: the windows and the hold.
    #[must_use]
    pub fn proving(&self) -> Duration {
        self.windows.length * self.windows.count + self.hold
    }

    /// After t0: the end of the time in which the shop may recover; with a person the latest, for it ends with the hold
    /// after they have said that it has.
    #[must_use]
    pub fn recovery_end(&self) -> Duration {
        match (&self.candidate, &self.aftermath) {
            (None, _) => {
                let handover = self.handover.unwrap_or_else(|| self.heal_at());
                handover + LATE_HANDOVER + HANDING_OVER + self.budget + self.hold
            }
            (Some(_), None) => self.heal_at(),
            (Some(_), Some(aftermath)) => {
                self.handover.unwrap_or_default().max(self.heal_at()) + aftermath.within + self.proving()
            }
        }
    }

    /// Whether the trigger stays until a person says that the shop has recovered.
    #[must_use]
    pub fn holds_for_a_person(&self) -> bool {
        self.candidate.is_none() && self.aftermath.is_none()
    }

    /// What comes and goes, and a surge, has its times drawn up beforehand: with a person, for as long as they may need.
    pub(crate) fn held_for_a_person(mut self) -> Plan {
        if self.candidate.is_none() && self.mode == Mode::Learn {
            self.budget = NO_CLOCK;
        }
        if self.holds_for_a_person() {
            // What is drawn out below must not move it.
            let handover = self.handover.unwrap_or_else(|| self.heal_at());
            self.handover = Some(handover);
            let end = self.recovery_end();
            for fault in &mut self.faults {
                let until = end.saturating_sub(fault.at);
                fault.repeat = fault.repeat.map(|repeat| repeat.lasting(until));
            }
            if let Some(surge) = &mut self.load.surge {
                surge.length = surge.length.max(end);
            }
            // The longer the outage, the more orders are open at its end. A settler that keeps up with those who pay settles
            // them in no more time than they took to come.
            self.settle_limit += self.budget.min(LONGEST_SETTLING);
        }
        self
    }

    /// After t0: the start of the replay, by the timeline.
    #[must_use]
    pub fn replay_at(&self) -> Duration {
        self.recovery_end() + self.clear
    }

    /// The longest that the run can take before its evidence is collected.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.zero() + self.replay_at() + self.replay.length + self.settle_limit
    }
}

/// A scripted candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CandidatePlan {
    pub name: String,
    /// By `at`; steps of the same moment keep the order of the file.
    pub steps: Vec<Step>,
}

/// One act of a scripted candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// After t0; with `when`, the earliest moment.
    #[serde(with = "word")]
    pub at: Duration,
    /// What must have held for its time before the act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    #[serde(deserialize_with = "action")]
    pub action: Action,
}

/// Plans from before there were more words than two wrote `{say: {text}}` and `{diagnose: {text}}`.
fn action<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Action, D::Error> {
    let mut written = Value::deserialize(deserializer)?;
    for verb in ["say", "diagnose"] {
        if let Some(text) = written.get(verb).and_then(|of| of.get("text")) {
            written = json!({"said": {"verb": verb, "text": text}});
        }
    }
    serde_json::from_value(written).map_err(D::Error::custom)
}

/// What a candidate can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// A merge patch (RFC 7386) on the policy in force. Scaled.
    Policy {
        patch: Value,
        reason: String,
    },
    Restart {
        services: Vec<String>,
    },
    Scale {
        service: String,
        instances: u32,
    },
    /// Something for the record. A hint is asked for: the next one if its level is empty.
    Said(Said),
    DeclareRecovered,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Distinct user ids. Not scaled: the share of users hit would change its meaning.
    pub users: u32,
    /// A user leaves after this.
    #[serde(with = "word")]
    pub patience: Duration,
    pub arrivals: Arrivals,
    /// In the order of [`Journey::ALL`].
    pub journeys: Vec<JourneyLoad>,
    /// The trigger of a drill without a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surge: Option<Surge>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Independent users: exponential gaps.
    Poisson,
    /// Equal gaps.
    Constant,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JourneyLoad {
    pub journey: Journey,
    /// Requests per second. Scaled.
    pub rate: f64,
    #[serde(with = "word")]
    pub slo_latency: Duration,
    /// 0..=1
    pub slo_share: f64,
}

/// The bank in health.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bank {
    #[serde(with = "word")]
    pub latency: Duration,
    /// Share of `latency`, uniform on both sides.
    pub jitter: f64,
    #[serde(with = "word")]
    pub lookup_latency: Duration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_region: Option<SecondRegion>,
}

/// The bank's second region, in health: the same book at another address, slower and dearer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondRegion {
    #[serde(with = "word")]
    pub latency: Duration,
    #[serde(with = "word")]
    pub lookup_latency: Duration,
    /// What the bank takes for each charge made there, in cents.
    pub fee_cents: u32,
}

/// Search in health.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// How long its index takes to answer; a worker of search, and of whoever called it, waits meanwhile.
    #[serde(with = "word")]
    pub index_latency: Duration,
}

/// The steady state that must be proven before a fault may begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    #[serde(rename = "for", with = "word")]
    pub length: Duration,
    /// The last part of the baseline, over which `goodput` must hold; what is before is warm-up.
    #[serde(with = "word")]
    pub proven_for: Duration,
    /// 0..=1, of every journey.
    pub goodput: f64,
}

/// A fault of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub id: String,
    /// `bank`, or a service or instance. Plans from before there were others say nothing.
    #[serde(default = "bank")]
    pub target: String,
    /// After t0.
    #[serde(with = "word")]
    pub at: Duration,
    #[serde(rename = "for", with = "word")]
    pub length: Duration,
    /// It comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    pub spec: FaultSpec,
}

/// Whom a fault is put on unless it says so.
pub(crate) fn bank() -> String {
    BANK.0.to_owned()
}

/// The trigger, fired again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    #[serde(default = "bank")]
    pub target: String,
    #[serde(rename = "for", with = "word")]
    pub length: Duration,
    /// None: the surge comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<FaultSpec>,
}

/// Recovered means that `count` windows in a row are good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    pub count: u32,
    #[serde(with = "word")]
    pub length: Duration,
}

/// What the criteria and proofs compare with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Least share of offered, every journey that is judged.
    pub goodput: f64,
    /// The journeys that recovery is judged by. Empty: all that are played.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub journeys: Vec<Journey>,
    #[serde(default)]
    pub doubles_from: DoublesFrom,
    #[serde(with = "word")]
    pub queue_wait_p99: Duration,
    /// Most attempts per call.
    pub amplification: f64,
    /// Most share of orders that may be pending while the bank is healthy.
    pub pending_share: f64,
    /// Pending counts as good this long after the trigger.
    #[serde(with = "word")]
    pub pending_grace: Duration,
    /// The delivered p50 may differ by the larger of this share of the dose ..
    pub dose_share: f64,
    /// .. and this.
    #[serde(with = "word")]
    pub dose_abs: Duration,
    /// Least share of the offered load that the generator achieved.
    pub achieved: f64,
    #[serde(with = "word")]
    pub lateness_p99: Duration,
}

/// A part of a person's session, counted from the handover.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgendaItem {
    pub name: String,
    #[serde(rename = "for", with = "word")]
    pub length: Duration,
    /// Questions that whoever conducts the session may ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<String>,
}

/// One level of help, mildest first: nudge, direction, partial, full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hint {
    pub level: String,
    pub text: String,
}

/// What the three marks of one row of the scorecard look like in this drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RubricRow {
    pub novice: String,
    pub intermediate: String,
    pub expert: String,
}
