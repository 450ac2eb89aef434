//! `answer.yaml`: what really happened and what really helped, for operators, instructors and
//! tests. It never enters a plan, so no candidate can find it in a run folder.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{scale::Scale, time::word};

/// The answer to a drill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Firedrill answer")]
pub struct Answer {
    /// The planted candidate that plays the answer: what it changes is the answer's policy.
    #[serde(default)]
    pub candidate: Option<String>,
    pub root_cause: String,
    /// How the outage climbs, step by step.
    pub mechanism: Vec<String>,
    /// Caller and callee, `payment -> bank`.
    pub first_broken_edge: String,
    /// In order. Only the order is asserted; the times are where a model saw it.
    pub cascade: Vec<Mark>,
    /// What the naive policy looks like when nothing is done.
    #[serde(default)]
    pub plateau: Option<Plateau>,
    /// What each ingredient of the remedy does here, by its name.
    #[serde(default)]
    pub ingredients: BTreeMap<String, Ingredient>,
}

/// The first second at which half of the replies of a service are failing so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    pub service: String,
    pub symptom: String,
    /// After the start of the faults.
    #[serde(with = "word")]
    #[schemars(with = "resilience::policy::Span")]
    pub at: Duration,
}

/// The full outage. Counts and rates are scaled, shares and times are not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plateau {
    /// After the start of the faults.
    #[serde(with = "word")]
    #[schemars(with = "resilience::policy::Span")]
    pub from: Duration,
    #[serde(with = "word")]
    #[schemars(with = "resilience::policy::Span")]
    pub to: Duration,
    pub payment_busy: f64,
    pub payment_queued: f64,
    pub charges_per_second_max: f64,
    /// Least share of order's replies.
    pub order_503: f64,
    /// Least share of cart's replies.
    pub cart_504: f64,
    /// Least share of home pages.
    pub home_failing: f64,
    /// Payment's own handling, without its queue. Seen only once such calls have ended.
    #[serde(with = "word")]
    #[schemars(with = "resilience::policy::Span")]
    pub payment_p99_above: Duration,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ingredient {
    pub role: Role,
    pub what: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Without it the drill is lost.
    Essential,
    /// Does something that can be measured.
    Helpful,
    /// Does nothing here; it acts in another drill.
    Needless,
}

impl Answer {
    pub(crate) fn scaled(mut self, scale: Scale) -> Answer {
        if let Some(plateau) = &mut self.plateau {
            plateau.charges_per_second_max = scale.rate(plateau.charges_per_second_max);
            // What is queued is the difference of two pools, and each of them rounds up.
            let callers = scale.count(plateau.payment_busy + plateau.payment_queued);
            plateau.payment_busy = scale.count(plateau.payment_busy);
            plateau.payment_queued = callers - plateau.payment_busy;
        }
        self
    }
}
