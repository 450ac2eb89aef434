//! Which lines of a journal are diagnoses, and what whoever wrote them had been told before. Also grades words that were
//! never in a journal, for who wants to know what they would have been worth.

use drill::Mode;
use evidence::{Entry, Recording, Said, kind};

use crate::case::Case;
use crate::finding::round;
use crate::truth::Truth;

use super::grading::{Given, graded, whole};
use super::{Diagnoses, Diagnosis};

/// Every diagnosis of a run.
pub(super) fn diagnoses(case: &Case<'_>, truth: &Truth) -> Diagnoses {
    let submitted = case.recording.entries(kind::ACTION).filter_map(|entry| {
        let said = Said::of(entry).filter(|said| matches!(said, Said::Diagnose { .. }))?;
        let given = Given { texts: told(case), hints: hints(case, entry) };
        let seconds = round(case.moments.seconds(entry.t_ms));
        Some(diagnosis(&said, truth, &given, seconds, &entry.actor, format!("journal: entry {}", entry.seq)))
    });
    Diagnoses { submitted: submitted.collect() }
}

/// Grades words against a recording as if they had been said in it; hints that were read do not count. `None`: the
/// recording has no plan.
pub fn diagnosed(recording: &Recording, said: &Said) -> Option<Diagnosis> {
    let case = Case::new(recording, serde_json::from_str(&recording.plan_text).ok()?);
    let truth = Truth::of(&case);
    let given = Given { texts: told(&case), hints: Vec::new() };
    Some(diagnosis(said, &truth, &given, 0.0, "", String::new()))
}

fn diagnosis(
    said: &Said,
    truth: &Truth,
    given: &Given,
    seconds: f64,
    actor: &str,
    evidence: String,
) -> Diagnosis {
    let found = graded(said, truth, given);
    Diagnosis {
        seconds,
        actor: actor.to_owned(),
        said: whole(said),
        grade: found.grade,
        score: found.score,
        points: found.points,
        blamed: found.blamed,
        explanation: found.explanation,
        evidence,
    }
}

/// What the drill tells everybody.
fn told(case: &Case<'_>) -> Vec<String> {
    let plan = &case.plan;
    let mut texts = vec![
        plan.drill.clone(),
        plan.title.clone(),
        plan.alert.clone(),
        plan.story.clone(),
        plan.hypothesis.clone(),
    ];
    texts.extend(plan.blast_radius.iter().cloned());
    texts
}

/// The hints that were read before an entry, in a run where they count.
fn hints(case: &Case<'_>, entry: &Entry) -> Vec<String> {
    if case.plan.mode != Mode::Assessed {
        return Vec::new();
    }
    let before = case.recording.entries(kind::ACTION).filter(|one| one.seq < entry.seq);
    let levels = before.filter_map(|one| match Said::of(one) {
        Some(Said::Hint { level }) => Some(level),
        _ => None,
    });
    levels.collect()
}
