//! What the crate reads: texts with names, and the choices of one run. Reading files is the
//! caller's business.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::scale::Scale;

/// A text and the name that messages about it carry, usually its path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    pub name: String,
    pub text: String,
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        Source { name: name.into(), text: text.into() }
    }
}

/// The texts of a drill's folder.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `drill.yaml`
    pub drill: Source,
    /// `candidates/<name>.yaml` by name
    pub candidates: BTreeMap<String, Source>,
    /// `answer.yaml`, for operators; never part of a plan
    pub answer: Option<Source>,
}

/// Who plays, and what that changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A person who learns: hints and explanations for the asking, and no clock.
    Learn,
    /// A person, or a script to look at.
    #[default]
    Practice,
    /// A person who is examined: nothing is revealed before the end, and what follows a hint is graded.
    Assessed,
    /// Continuous integration: a script, and the exit code counts.
    Gate,
}

impl Mode {
    pub const ALL: [Mode; 4] = [Mode::Learn, Mode::Practice, Mode::Assessed, Mode::Gate];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mode::Learn => "learn",
            Mode::Practice => "practice",
            Mode::Assessed => "assessed",
            Mode::Gate => "gate",
        }
    }
}

/// The choices of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub variant: String,
    /// A name in [`Sources::candidates`]; `None` is a person.
    pub candidate: Option<String>,
    pub scale: Scale,
    /// Instead of the drill's own seed.
    pub seed: Option<u64>,
    pub mode: Mode,
}

impl Default for Choice {
    fn default() -> Self {
        Choice {
            variant: "default".to_owned(),
            candidate: None,
            scale: Scale::ONE,
            seed: None,
            mode: Mode::Practice,
        }
    }
}
