//! The scorecard: the one document that a run is read by. Its JSON form is stable; fields are added, never changed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cascade::Broken;
use crate::criteria::money::Money;
use crate::diagnosis::Diagnoses;
use crate::finding::{Finding, Status};
use crate::measures::Measures;
use crate::people::People;
use crate::rating::Rating;
use crate::summary::{Dose, Load};
use crate::timeline::Event;
use crate::truth::Truth;
use crate::verdict::Verdict;

/// Version of the JSON form.
pub(crate) const FORMAT: u32 = 1;

/// The proof that the evidence is the run's.
pub(crate) const SEALED: &str = "sealed";

/// Everything that grading found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scorecard {
    pub format: u32,
    pub run: String,
    pub drill: String,
    pub variant: String,
    /// The script's name; `None`: a person played.
    pub candidate: Option<String>,
    pub seed: u64,
    pub scale: String,
    pub verdict: Verdict,
    /// The exit code of the run: 0, 97, 98, 99 or 105.
    pub exit: i32,
    /// One sentence: what decided the verdict.
    pub reason: String,
    pub criteria: Vec<Criterion>,
    pub proofs: Vec<Criterion>,
    pub cascade: Vec<Broken>,
    pub measures: Measures,
    pub dose: Vec<Dose>,
    /// `None`: no ledgers.
    pub money: Option<Money>,
    pub load: Load,
    pub residue: Vec<String>,
    /// As the controller measured it: `ready_ms`, `rss_mib_peak` and others.
    pub footprint: Value,
    pub timeline: Vec<Event>,
    /// `practice`, `learn`, `assessed` or `gate`.
    #[serde(default)]
    pub mode: String,
    /// What really happened.
    #[serde(default)]
    pub truth: Truth,
    #[serde(default)]
    pub diagnoses: Diagnoses,
    #[serde(default)]
    pub people: People,
    #[serde(default)]
    pub rating: Rating,
    pub schedule_hash: String,
    /// Hash of the last line of the journal.
    pub head: String,
}

/// A criterion or a proof with its finding. Proofs are always required.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Criterion {
    pub name: String,
    pub required: bool,
    #[serde(flatten)]
    pub finding: Finding,
}

impl Scorecard {
    /// The criterion or proof of this name.
    pub fn criterion(&self, name: &str) -> Option<&Criterion> {
        self.criteria.iter().chain(&self.proofs).find(|criterion| criterion.name == name)
    }
}

/// The sentence that explains a verdict.
pub(crate) fn reason(verdict: Verdict, criteria: &[Criterion], proofs: &[Criterion]) -> String {
    let told = |criterion: &Criterion| format!("{}: {}", criterion.name, criterion.finding.reason);
    let first = |list: &[Criterion], wanted: fn(Status) -> bool| {
        list.iter().find(|criterion| criterion.required && wanted(criterion.finding.status)).map(told)
    };
    let found = match verdict {
        Verdict::Pass => None,
        Verdict::Fail => first(criteria, |status| status == Status::Fail),
        Verdict::Void => {
            // What was altered or is gone comes first: whatever else is lacking may follow from it.
            let seal = |proof: &&Criterion| proof.name == SEALED && proof.finding.status != Status::Pass;
            let lacking = first(criteria, |status| status == Status::Unknown);
            let unsound = first(proofs, |status| status != Status::Pass).or(lacking);
            proofs.iter().find(seal).map(told).or(unsound)
        }
    };
    found.unwrap_or_else(|| "every required criterion passed, and every proof holds".to_owned())
}
