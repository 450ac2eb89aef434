//! `grade`: the whole of grading in one page, from the recording to the scorecard.

use drill::Plan;
use evidence::{Recording, kind};
use serde_json::Value;

use crate::cascade::cascade;
use crate::case::Case;
use crate::diagnosis::Diagnoses;
use crate::finding::{Finding, Status};
use crate::measures::Measures;
use crate::people::People;
use crate::rating::Rating;
use crate::report::{html, junit, markdown};
use crate::scorecard::{Criterion, FORMAT, Reviewed, SEALED, Scorecard, reason};
use crate::story::Story;
use crate::truth::Truth;
use crate::verdict::{Exit, Verdict};
use crate::{criteria, proofs, summary, timeline};

/// A graded run: what is concluded, and what a report draws besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    pub card: Scorecard,
    pub story: Story,
}

/// Grades a recording. The same recording always gives the same scorecard. A recording without a readable plan is
/// void: there is nothing to hold the evidence against.
pub fn grade(recording: &Recording) -> Graded {
    match serde_json::from_str::<Plan>(&recording.plan_text) {
        Ok(plan) => {
            let case = Case::new(recording, plan);
            let card = judged(&case);
            let rating = Rating::of(&case, &card);
            let story = Story::of(&case, &card.truth);
            Graded { card: Scorecard { rating, ..card }, story }
        }
        Err(error) => Graded { card: without_plan(recording, &error.to_string()), story: Story::default() },
    }
}

impl Graded {
    /// One file that opens in any browser, offline.
    pub fn report_html(&self) -> String {
        html::page(&self.card, &self.story)
    }

    /// The same in Markdown.
    pub fn report_markdown(&self) -> String {
        markdown::page(&self.card, &self.story)
    }

    /// The verdict for CI, a case per criterion.
    pub fn junit(&self) -> String {
        junit::document(&self.card)
    }
}

fn judged(case: &Case<'_>) -> Scorecard {
    let required = |name: &str| case.plan.required.iter().any(|required| required == name);
    let mut criteria: Vec<Criterion> = criteria::ALL
        .iter()
        .map(|(name, judge)| Criterion {
            name: (*name).to_owned(),
            required: required(name),
            finding: judge(case),
        })
        .collect();
    criteria.extend(case.plan.criteria.iter().map(|own| Criterion {
        name: own.name.clone(),
        required: own.required,
        finding: criteria::own::judge(case, own),
    }));
    let mut proofs: Vec<Criterion> = proofs::ALL
        .iter()
        .map(|(name, prove)| Criterion { name: (*name).to_owned(), required: true, finding: prove(case) })
        .collect();
    proofs.extend(proofs::metastable::prove(case));
    if !case.plan.guardrails.is_empty() {
        let finding = proofs::guardrails::prove(case);
        // First: what else a run lacks that was cut short is no reason of its own.
        proofs.insert(0, Criterion { name: "guardrails".to_owned(), required: true, finding });
    }
    if let Some(unknown) =
        case.plan.required.iter().find(|name| criteria::ALL.iter().all(|(known, _)| known != name))
    {
        let finding = Finding::unknown(format!(
            "the drill requires a criterion that this grader does not know: {unknown}"
        ));
        proofs.push(Criterion { name: "plan".to_owned(), required: true, finding });
    }
    let needed = criteria.iter().filter(|criterion| criterion.required);
    let verdict = match Verdict::of(statuses(proofs.iter()), statuses(needed)) {
        _ if case.moments.interrupted => Verdict::Void,
        verdict => verdict,
    };
    let residue = criteria::residue::items(case).unwrap_or_default();
    let exit = Exit::of(verdict, !residue.is_empty(), case.moments.interrupted);
    let truth = Truth::of(case);
    let diagnoses = Diagnoses::of(case, &truth);
    Scorecard {
        people: People::of(case, &diagnoses),
        measures: Measures::of(case, &diagnoses),
        diagnoses,
        truth,
        mode: case.plan.mode.name().to_owned(),
        verdict,
        exit: exit.0,
        reason: if case.moments.interrupted {
            "the run was interrupted".to_owned()
        } else {
            reason(verdict, &criteria, &proofs)
        },
        cascade: cascade(case),
        dose: summary::doses(case),
        money: case.money.clone(),
        load: summary::load(case),
        residue,
        timeline: timeline::timeline(case),
        drill: case.plan.drill.clone(),
        variant: case.plan.variant.clone(),
        candidate: case.plan.candidate.as_ref().map(|candidate| candidate.name.clone()),
        seed: case.plan.seed,
        scale: case.plan.scale.to_string(),
        criteria,
        proofs,
        ..blank(case.recording)
    }
}

fn without_plan(recording: &Recording, error: &str) -> Scorecard {
    let plan = Finding::unknown(format!("the plan does not read: {error}")).evidence("plan.yaml");
    let proofs = [("plan", plan), (SEALED, proofs::sealed::of(&recording.seal))];
    let proofs = proofs.map(|(name, finding)| Criterion { name: name.to_owned(), required: true, finding });
    let proofs = proofs.to_vec();
    Scorecard { reason: reason(Verdict::Void, &[], &proofs), proofs, ..blank(recording) }
}

fn statuses<'a>(
    criteria: impl Iterator<Item = &'a Criterion> + Clone,
) -> impl Iterator<Item = Status> + Clone {
    criteria.map(|criterion| criterion.finding.status)
}

/// What the journal alone says, with nothing judged.
fn blank(recording: &Recording) -> Scorecard {
    let started = recording.entries(kind::RUN_STARTED).next();
    let text = |field: &str| started.map(|entry| entry.text(field).to_owned()).unwrap_or_default();
    Scorecard {
        format: FORMAT,
        run: text("run"),
        drill: text("drill"),
        variant: text("variant"),
        candidate: None,
        seed: 0,
        scale: text("scale"),
        verdict: Verdict::Void,
        exit: Exit::VOID.0,
        reason: String::new(),
        criteria: Vec::new(),
        proofs: Vec::new(),
        cascade: Vec::new(),
        measures: Measures::default(),
        dose: Vec::new(),
        money: None,
        load: summary::Load::default(),
        residue: Vec::new(),
        footprint: recording
            .entries(kind::FOOTPRINT)
            .next_back()
            .map_or(Value::Null, |entry| entry.body.clone()),
        timeline: Vec::new(),
        mode: text("mode"),
        truth: Truth::default(),
        diagnoses: Diagnoses::default(),
        people: People::default(),
        rating: Rating::default(),
        schedule_hash: text("schedule_hash"),
        head: recording.head.clone(),
        review: Reviewed::of(&recording.review),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;
    use serde_json::json;

    fn graded(bed: &Bed) -> Scorecard {
        grade(&bed.recording()).card
    }

    #[test]
    fn a_run_that_recovers_passes() {
        let card = graded(&Bed::recovered());
        assert_eq!((card.verdict, card.exit), (Verdict::Pass, 0), "{}", card.reason);
    }

    #[test]
    fn a_run_that_never_recovers_fails_and_says_why() {
        let card = graded(&Bed::never_recovered());
        assert_eq!((card.verdict, card.exit), (Verdict::Fail, 99), "{}", card.reason);
        assert!(card.reason.starts_with("goodput"), "{}", card.reason);
    }

    #[test]
    fn a_proof_that_fails_makes_the_run_void_whatever_the_criteria_say() {
        let mut bed = Bed::never_recovered();
        bed.delivered_ms = Some(1.0);
        assert_eq!((graded(&bed).verdict, graded(&bed).exit), (Verdict::Void, 98));
    }

    #[test]
    fn a_required_criterion_without_evidence_makes_the_run_void() {
        let mut bed = Bed::recovered();
        bed.ledgers.charges = None;
        let card = graded(&bed);
        assert_eq!(card.verdict, Verdict::Void);
        assert!(card.reason.starts_with("money"), "{}", card.reason);
    }

    #[test]
    fn residue_and_interruption_have_their_own_exit_codes() {
        let mut bed = Bed::recovered();
        bed.residue = Some(json!({"items": ["a fault"]}));
        assert_eq!(graded(&bed).exit, 97);
        let bed = Bed::recovered().entry(30_000, kind::ACTION, "operator", json!({"verb": "halt"}));
        assert_eq!((graded(&bed).verdict, graded(&bed).exit), (Verdict::Void, 105));
    }

    /// The controller writes of such a trigger that it was meant, and never applied.
    #[test]
    fn who_scales_the_target_of_the_replay_away_has_failed_and_voids_nothing() {
        let of_payment = json!({"service": "payment", "instance": "payment-0", "event": "scaled_down"});
        let mut bed = Bed::recovered()
            .entry(20_000, kind::PROCESS, "controller", of_payment)
            .entry(28_000, kind::FAULT_INTENT, "controller", json!({"id": "again", "why": "replay"}))
            .entry(
                28_000,
                kind::FAULT_CLEARED,
                "controller",
                json!({"id": "again", "reason": "never applied"}),
            );
        bed.replay = false;
        let card = graded(&bed);
        assert_eq!(card.verdict, Verdict::Fail, "{}", card.reason);
        assert!(card.reason.starts_with("services: a service was removed"), "{}", card.reason);
    }

    #[test]
    fn a_recording_without_a_plan_is_void() {
        let sealed = evidence::Seal { present: true, problems: Vec::new() };
        let card = grade(&Recording { seal: sealed, ..Recording::default() }).card;
        assert_eq!((card.verdict, card.exit), (Verdict::Void, 98));
        assert!(card.reason.starts_with("plan"), "{}", card.reason);
    }

    #[test]
    fn evidence_that_is_gone_is_the_reason_whatever_else_is_lacking_with_it() {
        let gone =
            |file: &str| evidence::Seal { present: true, problems: vec![format!("{file} is missing")] };
        let card = grade(&Recording { seal: gone("plan.yaml"), ..Recording::default() }).card;
        assert_eq!((card.exit, card.reason.as_str()), (98, "sealed: plan.yaml is missing"));
        let mut bed = Bed::recovered();
        bed.requests.clear();
        assert!(graded(&bed).reason.starts_with("baseline"), "{}", graded(&bed).reason);
        bed.seal = gone("requests.bin");
        assert_eq!(graded(&bed).reason, "sealed: requests.bin is missing");
    }

    #[test]
    fn grading_twice_gives_the_same_scorecard_and_it_survives_json() {
        let recording = Bed::never_recovered().recording();
        let card = grade(&recording).card;
        assert_eq!(card, grade(&recording).card);
        let text = serde_json::to_string(&card).unwrap();
        assert_eq!(serde_json::from_str::<Scorecard>(&text).unwrap(), card);
    }
}
