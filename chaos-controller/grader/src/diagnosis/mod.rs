//! What somebody said was broken, held point by point against the recorded truth.
//!
//! ```text
//!  words.rs -> spelling.rs -> mention.rs (lexicon/) -> graph.rs, claims.rs -> refused.rs -> points/ -> grading.rs, explain.rs
//! ```

mod claims;
mod explain;
mod grading;
mod graph;
mod hints;
mod lexicon;
mod mention;
mod points;
mod refused;
mod spelling;
mod submitted;
mod words;

#[cfg(test)]
mod tests;

pub use submitted::diagnosed;

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::truth::Truth;

/// All that were submitted, first to last. The last one counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnoses {
    pub submitted: Vec<Diagnosis>,
}

/// One diagnosis and its grade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Seconds after the fault's start.
    pub seconds: f64,
    pub actor: String,
    /// As it was said: all of it in one text.
    pub said: String,
    pub grade: Grade,
    /// 0 to 1.
    pub score: f64,
    pub points: Vec<Point>,
    /// Who was blamed and is a victim.
    pub blamed: Vec<String>,
    /// A paragraph for whoever said it.
    pub explanation: String,
    /// The line of the journal.
    pub evidence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Nothing was said.
    Empty,
    /// Words, and nothing in them can be held against the recording.
    Nonsense,
    Wrong,
    Partial,
    /// Enough of the chain to act upon: the cause and the mechanism.
    Right,
}

/// One thing that a whole diagnosis names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// `cause.component`, `cause.kind`, `mechanism`, `propagation`, `blame`.
    pub name: String,
    /// Of all points together, 1; for blame what it costs at most, below zero.
    pub worth: f64,
    pub got: f64,
    /// What was understood of what was said; empty if nothing was.
    pub claimed: String,
    /// What the recording shows.
    pub recorded: String,
    /// One sentence.
    pub why: String,
    pub evidence: String,
}

impl Diagnoses {
    pub(crate) fn of(case: &Case<'_>, truth: &Truth) -> Diagnoses {
        submitted::diagnoses(case, truth)
    }

    /// Seconds after the fault's start of the first that was right.
    pub fn first_right(&self) -> Option<f64> {
        self.submitted.iter().find(|one| one.grade == Grade::Right).map(|one| one.seconds)
    }
}
