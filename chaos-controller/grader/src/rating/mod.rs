//! The scorecard of whoever played: rubric, signals, their own score beside the machine's, and what to learn from it.
//! Machine and human are kept apart, and each mark names its evidence. What a run cannot show is left blank.

mod advice;
mod audit;
mod facts;
mod given;
mod levers;
mod ready;
mod remarks;
mod rubric;
mod self_scores;
mod signals;

pub use given::check;
pub use rubric::RUBRIC;
pub use self_scores::SELF_SCORES;
use serde::{Deserialize, Serialize};
pub use signals::SIGNALS;

use crate::case::Case;
use crate::scorecard::Scorecard;

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// A script played: its rows say what the script shows, and nothing about a person.
    #[serde(default)]
    pub of_script: bool,
    /// `incident_response`, `system_thinking`, `mitigation_speed`, `postmortem_quality`.
    pub rubric: Vec<Row>,
    /// The seven signals, 1 to 5.
    pub signals: Vec<Score>,
    /// The six rows of the self-score, 1 to 5: the machine's and their own.
    pub self_scores: Vec<SelfScore>,
    pub readiness: Readiness,
    /// At most three.
    pub strengths: Vec<Remark>,
    /// At most three.
    pub improvements: Vec<Remark>,
    /// Two or three, for the gaps.
    pub resources: Vec<Resource>,
    /// Every action without a stated reason.
    pub unexplained: Vec<Unexplained>,
    /// What persons gave and nobody can read: an unknown row, a mark that is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<Ignored>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Novice,
    Intermediate,
    Expert,
}

/// A row of the rubric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub name: String,
    /// The machine's; `None`: the run does not show it.
    pub machine: Option<Mark>,
    /// One sentence for the machine's mark, or for its absence.
    pub why: String,
    /// What it rests on: lines of the journal, measures.
    pub evidence: Vec<String>,
    pub human: Option<Given>,
    /// What the mark that counts looks like, in the drill's words.
    pub anchor: String,
}

/// A mark that a person gave, or put in the machine's place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// `novice`, `intermediate`, `expert`, or a number of a score.
    pub mark: String,
    pub by: String,
    pub reason: String,
    /// It stands instead of the machine's.
    pub overrules: bool,
    pub evidence: String,
}

/// A signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    pub name: String,
    pub machine: Option<u8>,
    pub why: String,
    pub evidence: Vec<String>,
    pub human: Option<Given>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfScore {
    pub name: String,
    /// What whoever played says.
    pub own: Option<u8>,
    pub own_reason: String,
    /// What the run shows.
    pub machine: Option<u8>,
    pub why: String,
    /// An instructor's, beside or instead of the machine's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human: Option<Given>,
}

/// At least 4 on average, and none below 3, over what was sampled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Readiness {
    /// `None`: too little was sampled.
    pub ready: Option<bool>,
    pub average: Option<f64>,
    pub lowest: Option<u8>,
    pub sampled: u64,
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remark {
    pub text: String,
    /// Of an improvement: what to do about it, which ends its text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub advice: String,
    pub evidence: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub title: String,
    /// A page of this repository, or a public work by its author and title.
    pub place: String,
    /// The gap that it is for.
    pub gap: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unexplained {
    pub what: String,
    pub by: String,
    pub seconds: f64,
    /// Line of the journal.
    pub seq: u64,
}

/// A mark that does not count, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ignored {
    pub why: String,
    pub by: String,
    pub evidence: String,
}

impl Mark {
    pub const ALL: [Mark; 3] = [Mark::Novice, Mark::Intermediate, Mark::Expert];

    /// As it is written and said.
    pub fn name(self) -> &'static str {
        match self {
            Mark::Novice => "novice",
            Mark::Intermediate => "intermediate",
            Mark::Expert => "expert",
        }
    }

    /// The mark of this name.
    pub fn of(name: &str) -> Option<Mark> {
        Mark::ALL.into_iter().find(|mark| mark.name() == name)
    }
}

impl Rating {
    /// After everything else: it reads the whole scorecard.
    pub(crate) fn of(case: &Case<'_>, card: &Scorecard) -> Rating {
        let facts = facts::Facts::of(case, card);
        let given = given::Givens::of(case);
        let signals = signals::signals(card, &facts, &given);
        let self_scores = self_scores::self_scores(card, &facts, &signals, &given);
        Rating {
            of_script: card.candidate.is_some(),
            rubric: rubric::rows(case, card, &facts, &given),
            readiness: ready::readiness(card, &signals, &self_scores),
            signals,
            self_scores,
            strengths: remarks::strengths(&facts),
            improvements: remarks::improvements(&facts),
            resources: advice::resources(&remarks::gaps(&facts)),
            unexplained: audit::unexplained(case),
            ignored: given.ignored,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testbed::Bed;
    use serde_json::json;

    #[test]
    fn a_rating_says_whether_a_script_played() {
        let rated = |bed: &Bed| crate::grade::grade(&bed.recording()).card.rating;
        assert!(rated(&Bed::recovered()).of_script);
        assert!(!rated(&Bed::recovered().with_plan(json!({"candidate": null}))).of_script);
    }
}
