//! Mitigation speed: how soon, and in how many layers, users were helped.
//!
//! - expert: the first change that helped within five minutes of the handover; well again, for good and through the second trigger, and
//!   verified within fifteen minutes; in layers; inside the safe bounds; the money right;
//! - intermediate: well again, or at least one journey that users had lost brought back, inside the bounds;
//! - novice: less, or nothing was changed.
//!
//! Blank where the run is void. In an assessed run a partial or full hint before the first change caps it at intermediate.
//! Times are one's own: nobody is ranked by them.

use super::{Judged, capped, counted};
use crate::case::Case;
use crate::rating::Mark;
use crate::rating::facts::{About, Facts};
use crate::scorecard::Scorecard;

/// From the handover to a verified recovery: a person's budget unless the drill states another.
const VERIFIED_S: f64 = 900.0;

const RESTS_ON: [About; 7] = [
    About::Prompt,
    About::PartlyBack,
    About::Recovered,
    About::Lasted,
    About::Layers,
    About::Bounds,
    About::Money,
];

pub(super) fn judge(case: &Case<'_>, card: &Scorecard, facts: &Facts) -> Judged {
    let evidence = facts.told(&RESTS_ON);
    let recovered = facts.get(About::Recovered);
    if recovered.holds.is_none() {
        return Judged { mark: None, why: recovered.text.clone(), evidence };
    }
    let verified = verified_after(case, card);
    let all = [About::Prompt, About::Recovered, About::Lasted, About::Layers, About::Bounds, About::Money];
    // What the drill does not ask for cannot be missing.
    let whole = all.iter().all(|about| facts.get(*about).holds != Some(false));
    let some = facts.holds(About::Recovered) || facts.holds(About::PartlyBack);
    let inside = facts.get(About::Bounds).holds != Some(false);
    let mark = match (whole && verified.is_none_or(|after| after <= VERIFIED_S), some && inside) {
        (true, true) => Mark::Expert,
        (false, true) => Mark::Intermediate,
        _ => Mark::Novice,
    };
    let mut why = match (card.measures.time_to.first_action, verified) {
        (None, _) if case.moments.first_change.is_none() => "nobody changed anything".to_owned(),
        (_, Some(after)) => {
            format!("{}; recovery was verified {after:.0} s after the handover", counted(facts, &RESTS_ON))
        }
        (_, None) => counted(facts, &RESTS_ON),
    };
    let cap = capped(case, card, card.measures.time_to.first_action);
    why.extend(cap.clone());
    Judged { mark: Some(if cap.is_some() { mark.min(Mark::Intermediate) } else { mark }), why, evidence }
}

/// Seconds from the handover until the hold had passed.
fn verified_after(case: &Case<'_>, card: &Scorecard) -> Option<f64> {
    let verified = card.measures.time_to.verified_recovery?;
    Some((verified - case.moments.seconds(case.moments.handover?)).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;
    use evidence::{Said, kind};
    use serde_json::json;

    fn row(bed: &Bed) -> crate::rating::Row {
        crate::grade::grade(&bed.recording()).card.rating.rubric.remove(2)
    }

    /// Recovered, with a layered policy in force.
    fn layered() -> Bed {
        let document = json!({"version": 1, "services": {"payment": {
            "server": {"workers": 20, "bulkheads": {"Charge": 15}},
            "calls": {"bank.charge": {"attempt_timeout": "400ms", "breaker": {"window": 100}}}}}});
        let body = json!({"version": 3, "base": 2, "reason": "layers", "document": document});
        Bed::recovered().entry(10_200, kind::POLICY, "script", body)
    }

    #[test]
    fn layers_that_bring_the_shop_back_soon_and_for_good_are_an_expert_s() {
        let row = row(&layered());
        assert_eq!(row.machine, Some(Mark::Expert), "{row:?}");
        assert!(row.why.contains("6 s after the handover") || row.why.contains("verified"), "{}", row.why);
    }

    #[test]
    fn one_lever_that_works_is_half_way() {
        assert_eq!(row(&Bed::recovered()).machine, Some(Mark::Intermediate));
    }

    #[test]
    fn waiting_for_the_bank_is_no_mitigation() {
        let row = row(&Bed::never_recovered());
        assert_eq!((row.machine, row.why.as_str()), (Some(Mark::Novice), "nobody changed anything"));
    }

    #[test]
    fn money_that_is_wrong_is_no_expert_s() {
        let mut bed = layered();
        let double = crate::testbed::charge("o1-3");
        bed.ledgers.charges.as_mut().unwrap().push(evidence::Charge { id: "d".into(), ..double });
        assert_eq!(row(&bed).machine, Some(Mark::Intermediate));
    }

    #[test]
    fn outside_the_bounds_is_a_novice_s() {
        let document = json!({"version": 1, "services": {"payment": {"server": {"workers": 10_000}}}});
        let body = json!({"version": 4, "reason": "more", "document": document});
        assert_eq!(row(&layered().entry(10_400, kind::POLICY, "script", body)).machine, Some(Mark::Novice));
    }

    #[test]
    fn the_answer_read_first_caps_an_examined_one() {
        let bed = |mode: &str| layered().with_plan(json!({"mode": mode}));
        let hint = Said::Hint { level: "full".into() };
        assert_eq!(row(&bed("assessed").said(9_000, "ada", &hint)).machine, Some(Mark::Intermediate));
        assert_eq!(row(&bed("practice").said(9_000, "ada", &hint)).machine, Some(Mark::Expert));
    }

    #[test]
    fn a_void_run_leaves_it_blank() {
        let mut bed = layered();
        bed.delivered_ms = None;
        let row = row(&bed);
        assert!(row.machine.is_none() && row.why.contains("void"), "{row:?}");
    }
}
