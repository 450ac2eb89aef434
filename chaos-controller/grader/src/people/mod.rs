//! What people did with each other: who led, what was said and how often, what was believed and tested, what was decided
//! and why. Facts from the journal; what they are worth is said in `rating`.

use serde::{Deserialize, Serialize};

use crate::case::Case;

/// The people's side of a run. Seconds count from the fault's start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct People {
    /// Everybody who said or did something, in the order of their first word.
    pub names: Vec<String>,
    pub roles: Vec<RoleTaken>,
    pub severity: Vec<SeverityCalled>,
    pub messages: Vec<Message>,
    pub hypotheses: Vec<Hypothesis>,
    pub decisions: Vec<Decision>,
    pub tasks: Vec<Task>,
    pub hints: Vec<HintTaken>,
    /// The longest time between two messages from the handover to the recovery (or the end), and from the handover to the
    /// first. `None`: nobody said anything, or there was no handover.
    pub longest_silence_s: Option<f64>,
    /// Whether something was done for the users before the cause was named right. `None`: one of the two never happened
    /// and the other did not either.
    pub mitigated_before_cause: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleTaken {
    pub role: String,
    pub name: String,
    pub seconds: f64,
    /// Line of the journal.
    pub seq: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeverityCalled {
    pub level: String,
    pub by: String,
    pub seconds: f64,
    pub seq: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub to: String,
    pub by: String,
    pub text: String,
    pub seconds: f64,
    pub seq: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    pub id: String,
    pub by: String,
    pub text: String,
    pub prediction: String,
    pub reversal: String,
    /// `held`, `refuted` or `open`.
    pub outcome: String,
    pub seconds: f64,
    pub seq: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    pub by: String,
    pub text: String,
    pub reason: String,
    pub expect: String,
    pub undo: String,
    pub seconds: f64,
    pub seq: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub id: String,
    pub text: String,
    pub owner: String,
    pub done: bool,
    pub seconds: f64,
    pub seq: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HintTaken {
    pub level: String,
    pub seconds: f64,
    pub seq: u64,
}

impl People {
    pub(crate) fn of(_case: &Case<'_>) -> People {
        People::default()
    }
}
