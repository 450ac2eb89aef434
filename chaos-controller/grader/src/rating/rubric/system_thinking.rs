//! System thinking: the whole cascade, what drove it, and whom it hit, from the diagnosis that counts.
//!
//! - expert: cause, mechanism and propagation were named, no victim was blamed, and somebody said who was hit;
//! - intermediate: the cause and one of the two others;
//! - novice: less, or no diagnosis, which a run asks for.
//!
//! Blank where the run is void, where the faults were shown first, and where somebody learns and submitted none. In an
//! assessed run a partial or full hint before the first change, or before the diagnosis, caps it at intermediate.

use super::{Judged, capped, counted};
use crate::case::Case;
use crate::rating::Mark;
use crate::rating::facts::{About, Facts};
use crate::scorecard::Scorecard;

const RESTS_ON: [About; 6] = [
    About::Cause,
    About::Mechanism,
    About::Propagation,
    About::NobodyBlamed,
    About::BlastRadius,
    About::Amplification,
];

pub(super) fn judge(case: &Case<'_>, card: &Scorecard, facts: &Facts) -> Judged {
    let evidence = facts.told(&RESTS_ON);
    let cause = facts.get(About::Cause);
    if cause.holds.is_none() {
        return Judged { mark: None, why: cause.text.clone(), evidence };
    }
    let (mechanism, climbed) = (facts.holds(About::Mechanism), facts.holds(About::Propagation));
    // What the recording does not show cannot be asked for.
    let rest = [About::Mechanism, About::Propagation, About::NobodyBlamed, About::BlastRadius];
    let whole = rest.iter().all(|about| facts.get(*about).holds != Some(false));
    let named = facts.holds(About::Cause);
    let mark = match (named && (mechanism || climbed), whole) {
        (true, true) => Mark::Expert,
        (true, false) => Mark::Intermediate,
        (false, _) => Mark::Novice,
    };
    let mut why = match card.diagnoses.submitted.is_empty() {
        true => "no diagnosis was submitted".to_owned(),
        false => counted(facts, &RESTS_ON),
    };
    let acted = card.measures.time_to.first_action;
    let named = card.diagnoses.submitted.last().map(|one| one.seconds);
    let until = acted.into_iter().chain(named).reduce(f64::max);
    let cap = capped(case, card, until);
    why.extend(cap.clone());
    Judged { mark: Some(if cap.is_some() { mark.min(Mark::Intermediate) } else { mark }), why, evidence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{Diagnosis, Grade, Point};
    use crate::testbed::Bed;
    use evidence::Said;
    use serde_json::json;

    /// A diagnosis that got these points whole, told to everybody.
    fn judged(bed: Bed, got: &[&str], blamed: bool) -> Judged {
        let recording = bed.recording();
        let plan = serde_json::from_str(&recording.plan_text).unwrap();
        let mut card = crate::grade::grade(&recording).card;
        let names = ["cause.component", "cause.kind", "mechanism", "propagation"];
        let points = names.map(|name| Point {
            name: name.into(),
            worth: 0.25,
            got: if got.iter().any(|one| name.starts_with(one)) { 0.25 } else { 0.0 },
            claimed: String::new(),
            recorded: String::new(),
            why: "because".into(),
            evidence: String::new(),
        });
        card.diagnoses.submitted = vec![Diagnosis {
            seconds: 4.0,
            actor: "ada".into(),
            said: "paying is down and the page is blank".into(),
            grade: Grade::Partial,
            score: 0.0,
            points: points.into(),
            blamed: if blamed { vec!["cart".into()] } else { Vec::new() },
            explanation: String::new(),
            evidence: String::new(),
        }];
        let case = Case::new(&recording, plan);
        let facts = Facts::of(&case, &card);
        judge(&case, &card, &facts)
    }

    #[test]
    fn the_whole_cascade_is_an_expert_s() {
        let all = ["cause", "mechanism", "propagation"];
        assert_eq!(judged(Bed::recovered(), &all, false).mark, Some(Mark::Expert));
        assert_eq!(
            judged(Bed::recovered(), &all, true).mark,
            Some(Mark::Intermediate),
            "a victim was blamed"
        );
    }

    #[test]
    fn the_cause_and_half_of_the_way_is_intermediate_and_less_is_a_novice_s() {
        assert_eq!(judged(Bed::recovered(), &["cause", "mechanism"], false).mark, Some(Mark::Intermediate));
        assert_eq!(judged(Bed::recovered(), &["cause"], false).mark, Some(Mark::Novice));
        assert_eq!(judged(Bed::recovered(), &["mechanism", "propagation"], false).mark, Some(Mark::Novice));
    }

    #[test]
    fn a_hint_before_the_diagnosis_caps_an_examined_one() {
        let examined = Bed::recovered().with_plan(json!({"mode": "assessed"}));
        let hinted = examined.said(8_500, "ada", &Said::Hint { level: "partial".into() });
        let judged = judged(hinted, &["cause", "mechanism", "propagation"], false);
        assert_eq!(judged.mark, Some(Mark::Intermediate));
        assert!(judged.why.contains("hint"), "{}", judged.why);
    }

    #[test]
    fn without_a_sound_run_it_is_blank_and_says_why() {
        let mut bed = Bed::recovered();
        bed.delivered_ms = None;
        let judged = judged(bed, &["cause"], false);
        assert!(judged.mark.is_none() && judged.why.contains("void"), "{}", judged.why);
    }

    #[test]
    fn no_diagnosis_is_a_novice_s() {
        let rows = crate::grade::grade(&Bed::never_recovered().recording()).card.rating.rubric;
        assert_eq!(
            (rows[1].machine, rows[1].why.as_str()),
            (Some(Mark::Novice), "no diagnosis was submitted")
        );
    }
}
