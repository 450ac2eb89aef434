//! The people's side on the wire: what somebody puts on record, a hint that is asked for, and what stands in the
//! incident. What was said is an [`evidence::Said`] everywhere, so the journal, the API and the command line agree.

use evidence::Said;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `POST /api/record`; the answer is what was recorded, an id filled in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// Who; the role's name if empty.
    #[serde(default)]
    pub author: String,
    /// The words. An empty `id` of a hypothesis or a task takes the next (`h1`, `t1`).
    pub said: Said,
}

/// `POST /api/hint`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AskHint {
    /// Who; the role's name if empty.
    #[serde(default)]
    pub author: String,
    /// The next one if empty, the mildest first.
    #[serde(default)]
    pub level: String,
}

/// Its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hint {
    pub level: String,
    pub text: String,
    /// The levels that nobody has asked for.
    pub left: Vec<String>,
}

/// `POST /api/reveal`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AskReveal {
    /// Who; the role's name if empty.
    #[serde(default)]
    pub author: String,
}

/// Its answer: what happens behind the scenes. Times are milliseconds since the start of the run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Revealed {
    pub run: String,
    pub drill: String,
    pub variant: String,
    pub phases: Vec<RevealedPhase>,
    pub faults: Vec<RevealedFault>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevealedPhase {
    pub name: String,
    pub t_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevealedFault {
    pub id: String,
    pub target: String,
    /// A `fault::FaultSpec`.
    pub spec: Value,
    /// `timeline`, `replay`, or who added it.
    pub why: String,
    pub from_ms: u64,
    /// `None`: it is on.
    pub to_ms: Option<u64>,
}

/// Something that was said in the run that is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Milliseconds since the start of the run.
    pub t_ms: u64,
    /// Who.
    pub by: String,
    pub said: Said,
}

/// `GET /api/incident`: what stands, the newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Name of the run's folder.
    pub run: String,
    /// Milliseconds since the start of the run.
    pub t_ms: u64,
    /// How bad it is, as it was said last.
    pub severity: Option<Told>,
    /// The last `role` of each role; who handed over has given theirs away.
    pub roles: Vec<Told>,
    pub acknowledged: Vec<Told>,
    /// Those that are neither held nor refuted.
    pub hypotheses: Vec<Told>,
    pub decisions: Vec<Told>,
    /// Those that are not done.
    pub tasks: Vec<Told>,
    pub messages: Vec<Told>,
    pub diagnoses: Vec<Told>,
    pub hints: Vec<Told>,
    /// An instructor's; empty for anyone but an operator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Told>,
}
