//! What people put on record while an incident is on: who leads, how bad it is, what they believe and what would change
//! their mind, what they decide and why. One entry of the journal each, kind `action`, told apart by its `verb`.
//! Writing them is the controller's work, and what they are worth the grader's.

mod check;

pub use check::Problem;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::journal::Entry;
use crate::kind;

/// One thing that somebody said, decided or took on. Its JSON is the body of the journal's entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Said {
    /// A message.
    Say {
        text: String,
        #[serde(default)]
        to: Audience,
    },
    /// How bad it is.
    Severity {
        level: Level,
        #[serde(default)]
        text: String,
    },
    /// Somebody takes a role; `name` is who.
    Role { role: Role, name: String },
    /// What somebody believes, what they expect to see if it is so, and what would make them turn back.
    Hypothesis { id: String, text: String, prediction: String, reversal: String },
    /// What became of a hypothesis.
    Conclude {
        id: String,
        outcome: Outcome,
        #[serde(default)]
        text: String,
    },
    /// What is going to be done, why, what it should do, and how it is taken back.
    Decide {
        text: String,
        reason: String,
        #[serde(default)]
        expect: String,
        #[serde(default)]
        undo: String,
    },
    /// Somebody has something to do.
    Task { id: String, text: String, owner: String },
    /// It is done.
    Done {
        id: String,
        #[serde(default)]
        text: String,
    },
    /// The page is heard; `alert` is the name of one, or empty for the page itself.
    Acknowledge {
        #[serde(default)]
        alert: String,
        #[serde(default)]
        text: String,
    },
    /// Somebody else goes on; `to` is who.
    HandOver { to: String, text: String },
    /// What is broken, why, and how it climbed. At least one of the four.
    Diagnose {
        #[serde(default)]
        text: String,
        #[serde(default)]
        root_cause: String,
        #[serde(default)]
        mechanism: Vec<String>,
        /// Caller last: `payment`, `order`, `cart`, `frontend`.
        #[serde(default)]
        propagation: Vec<String>,
    },
    /// A hint was asked for and read.
    Hint { level: String },
    /// The faults were shown to whoever played.
    Reveal {},
    /// An instructor's mark on a row of the rubric while the run is on. Nobody else sees it.
    Mark {
        row: String,
        mark: String,
        #[serde(default)]
        reason: String,
    },
}

/// To whom something is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    #[default]
    Team,
    Users,
    Stakeholders,
}

/// How bad it is, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Sev1,
    Sev2,
    Sev3,
    Sev4,
}

/// What somebody does in an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Commander,
    Operations,
    Communications,
    Scribe,
    Expert,
}

/// What became of a hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Held,
    Refuted,
    Open,
}

/// The levels of a hint, mildest first.
pub const HINT_LEVELS: [&str; 4] = ["nudge", "direction", "partial", "full"];

impl Audience {
    /// As it is written.
    pub const NAMES: [&str; 3] = ["team", "users", "stakeholders"];
}

impl Level {
    /// As it is written.
    pub const NAMES: [&str; 4] = ["sev1", "sev2", "sev3", "sev4"];
}

impl Role {
    /// As it is written.
    pub const NAMES: [&str; 5] = ["commander", "operations", "communications", "scribe", "expert"];
}

impl Outcome {
    /// As it is written.
    pub const NAMES: [&str; 3] = ["held", "refuted", "open"];
}

impl Said {
    /// Reads an entry of the journal; `None` for other kinds, and for acts on the shop (restart, scale, halt).
    pub fn of(entry: &Entry) -> Option<Said> {
        if entry.kind != kind::ACTION {
            return None;
        }
        serde_json::from_value(entry.body.clone()).ok()
    }

    /// The body of the entry that records it.
    pub fn body(&self) -> Value {
        serde_json::to_value(self).expect("words and lists of words always serialise")
    }

    /// The word that tells it apart.
    pub fn verb(&self) -> &'static str {
        match self {
            Said::Say { .. } => "say",
            Said::Severity { .. } => "severity",
            Said::Role { .. } => "role",
            Said::Hypothesis { .. } => "hypothesis",
            Said::Conclude { .. } => "conclude",
            Said::Decide { .. } => "decide",
            Said::Task { .. } => "task",
            Said::Done { .. } => "done",
            Said::Acknowledge { .. } => "acknowledge",
            Said::HandOver { .. } => "hand_over",
            Said::Diagnose { .. } => "diagnose",
            Said::Hint { .. } => "hint",
            Said::Reveal {} => "reveal",
            Said::Mark { .. } => "mark",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Chain;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read_back() {
        let said = Said::Hypothesis {
            id: "h1".to_owned(),
            text: "payment waits for the bank".to_owned(),
            prediction: "its workers are all busy".to_owned(),
            reversal: "the bank answers a probe in 100 ms".to_owned(),
        };
        let entry = Chain::new().append(5, kind::ACTION, "ada", said.body());
        assert_eq!(entry.text("verb"), said.verb());
        assert_eq!(Said::of(&entry), Some(said));
    }

    #[test]
    fn an_older_journal_s_diagnosis_is_its_text() {
        let entry =
            Chain::new().append(5, kind::ACTION, "script", json!({"verb": "diagnose", "text": "the bank"}));
        assert!(matches!(Said::of(&entry), Some(Said::Diagnose { text, .. }) if text == "the bank"));
    }

    #[test]
    fn the_names_are_those_that_are_written() {
        fn reads<T: serde::de::DeserializeOwned>(names: &[&str]) -> bool {
            names.iter().all(|name| serde_json::from_value::<T>(json!(name)).is_ok())
        }
        assert!(reads::<Audience>(&Audience::NAMES) && reads::<Level>(&Level::NAMES));
        assert!(reads::<Role>(&Role::NAMES) && reads::<Outcome>(&Outcome::NAMES));
    }

    #[test]
    fn acts_on_the_shop_are_not_words() {
        let entry =
            Chain::new().append(5, kind::ACTION, "ada", json!({"verb": "restart", "targets": ["cart"]}));
        assert_eq!(Said::of(&entry), None);
    }
}
