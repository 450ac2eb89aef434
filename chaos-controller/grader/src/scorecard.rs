//! The scorecard: the one document that a run is read by. Its JSON form is stable; fields are added, never changed.

use evidence::Entry;
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
    /// How far the review went that this was graded with.
    #[serde(default)]
    pub review: Reviewed,
}

/// The end of a review. Its chain shows what was changed, and not what was cut off its end; this does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    pub lines: usize,
    /// Hash of its last line; empty if there is none.
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

impl Reviewed {
    pub fn of(review: &[Entry]) -> Reviewed {
        let head = review.last().map(|last| last.hash.clone()).unwrap_or_default();
        Reviewed { lines: review.len(), head }
    }

    /// What this review, read later, has lost. Lines that were added are no loss.
    pub fn lost(&self, now: &[Entry]) -> Option<String> {
        let last = match self.lines {
            0 => return None,
            lines if lines > now.len() => {
                return Some(format!("the review had {lines} lines and has {}", now.len()));
            }
            lines => &now[lines - 1],
        };
        (last.hash != self.head).then(|| {
            format!(
                "line {} of the review is another than it was: the end was cut off and written anew",
                self.lines
            )
        })
    }
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

#[cfg(test)]
mod tests {
    use evidence::review::Note;
    use evidence::{Chain, kind};
    use serde_json::json;

    use super::*;

    fn review(reasons: &[&str]) -> Vec<Entry> {
        let seal = Chain::new().append(9, kind::SEALED, "controller", json!({"files": {}}));
        let mut lines: Vec<Entry> = Vec::new();
        for reason in reasons {
            let note = Note::Mark { row: "framing".into(), mark: "4".into(), reason: (*reason).into() };
            lines.push(evidence::review::next(lines.last().unwrap_or(&seal), 10, "ada", &note));
        }
        lines
    }

    #[test]
    fn a_review_that_lost_its_end_is_told_and_one_that_grew_is_not() {
        let another = "line 2 of the review is another than it was: the end was cut off and written anew";
        for (before, now, told) in [
            (&[][..], &["a"][..], None),
            (&["a", "b"], &["a", "b"], None),
            (&["a", "b"], &["a", "b", "c"], None),
            (&["a", "b"], &["a"], Some("the review had 2 lines and has 1")),
            (&["a", "b"], &[], Some("the review had 2 lines and has 0")),
            (&["a", "b"], &["a", "x"], Some(another)),
            (&["a", "b"], &["a", "x", "y"], Some(another)),
        ] {
            let lost = Reviewed::of(&review(before)).lost(&review(now));
            assert_eq!(lost.as_deref(), told, "{before:?} {now:?}");
        }
    }
}
