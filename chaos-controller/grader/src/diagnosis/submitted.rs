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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diagnosis::Grade;
    use crate::diagnosis::points::{MECHANISM, PROPAGATION};
    use crate::testbed::Bed;

    const RIGHT: &str = "The bank takes 3 s, payment waits for it with every worker, order for payment, cart for order, and the frontend is blank.";

    fn said(text: &str) -> Said {
        Said::Diagnose {
            text: text.to_owned(),
            root_cause: String::new(),
            mechanism: vec![],
            propagation: vec![],
        }
    }

    fn found(bed: &Bed) -> Vec<Diagnosis> {
        let recording = bed.recording();
        let case = Case::new(&recording, bed.plan());
        diagnoses(&case, &Truth::of(&case)).submitted
    }

    fn hinted(mode: &str) -> Diagnosis {
        let hint = Said::Hint { level: "partial".to_owned() };
        let bed = Bed::never_recovered().with_plan(json!({"mode": mode})).said(9_000, "ada", &hint);
        let mut found = found(&bed.said(12_000, "ada", &said(RIGHT)));
        found.remove(0)
    }

    #[test]
    fn every_diagnosis_of_the_journal_is_graded_where_it_stands() {
        let bed = Bed::never_recovered().said(8_000, "ada", &said("order is the culprit")).said(
            12_000,
            "ada",
            &said(RIGHT),
        );
        let found = found(&bed);
        let grades: Vec<(f64, Grade)> = found.iter().map(|one| (one.seconds, one.grade)).collect();
        assert_eq!(grades, [(3.0, Grade::Wrong), (7.0, Grade::Right)], "{found:#?}");
        assert!(found[0].evidence.starts_with("journal: entry "));
        assert_eq!(Diagnoses { submitted: found }.first_right(), Some(7.0));
    }

    #[test]
    fn in_an_assessed_run_what_a_hint_told_counts_half() {
        let (assessed, practice) = (hinted("assessed"), hinted("practice"));
        assert_eq!((assessed.grade, practice.grade), (Grade::Right, Grade::Right), "{assessed:#?}");
        let got =
            |one: &Diagnosis, name: &str| one.points.iter().find(|point| point.name == name).unwrap().got;
        assert_eq!(got(&assessed, MECHANISM) * 2.0, got(&practice, MECHANISM));
        assert_eq!(got(&assessed, PROPAGATION), got(&practice, PROPAGATION), "that was not told");
        assert!(assessed.score < practice.score && assessed.explanation.contains("a hint had told it"));
    }

    #[test]
    fn a_hint_that_came_later_told_nothing() {
        let hint = Said::Hint { level: "full".to_owned() };
        let bed =
            Bed::never_recovered().with_plan(json!({"mode": "assessed"})).said(8_000, "ada", &said(RIGHT));
        let found = found(&bed.said(12_000, "ada", &hint));
        assert!(!found[0].explanation.contains("hint"), "{}", found[0].explanation);
    }

    #[test]
    fn words_that_were_never_said_are_graded_all_the_same() {
        let recording = Bed::never_recovered().recording();
        let found = diagnosed(&recording, &said(RIGHT)).unwrap();
        assert_eq!((found.grade, found.evidence.as_str()), (Grade::Right, ""), "{found:#?}");
        assert!(diagnosed(&Recording { plan_text: "x".to_owned(), ..recording }, &said(RIGHT)).is_none());
    }
}
