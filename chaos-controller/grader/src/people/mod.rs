//! What people did with each other: who led, what was said and how often, what was believed and tested, what was decided
//! and why. Facts from the journal; what they are worth is said in `rating`.

mod decisions;
mod hints;
mod hypotheses;
mod messages;
mod names;
mod order;
mod roles;
mod severity;
mod silence;
mod tasks;
mod words;

pub(crate) use words::first_word;

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::diagnosis::Diagnoses;

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
    /// The longest time without a message, from the handover to the recovery, or to the end of the outage. `None`: nobody
    /// said anything, or there was no handover.
    pub longest_silence_s: Option<f64>,
    /// Whether something was done for the users before the cause was named right. `None`: neither was ever done.
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
    pub(crate) fn of(case: &Case<'_>, diagnoses: &Diagnoses) -> People {
        let said = words::said(case);
        let messages = messages::messages(case);
        People {
            names: names::names(case),
            roles: roles::roles(case, &said),
            severity: severity::severity(case, &said),
            longest_silence_s: silence::longest(case, &messages),
            messages,
            hypotheses: hypotheses::hypotheses(case, &said),
            decisions: decisions::decisions(case, &said),
            tasks: tasks::tasks(case, &said),
            hints: hints::hints(case, &said),
            mitigated_before_cause: order::mitigated_before_cause(case, diagnoses),
        }
    }
}
