//! What was done for the users, and what came of it. All from the users' requests, the ledgers and the policies in force,
//! as the criteria found them; without a change of anybody's none of it is to anybody's credit.

use evidence::kind;

use super::{About, Fact, Part, changes, line};
use crate::case::Case;
use crate::finding::{Status, counted};
use crate::moments::Span;
use crate::rating::levers;
use crate::recovery::Search;
use crate::scorecard::{Criterion, Scorecard};

/// The first phase of the session: whoever has not acted by then has let users wait.
const PROMPT_S: f64 = 300.0;

const NOBODY_ACTED: &str = "nobody changed anything";

/// When something was first done that helped, in seconds after the fault: the first change after which more users were
/// served, or where that is not how the drill measures, the first of somebody who brought the shop back.
pub(super) fn helped(case: &Case<'_>, card: &Scorecard) -> Option<f64> {
    let times = &card.measures.time_to;
    let well = || recovered(case, card).holds == Some(true);
    times.mitigation.or_else(|| times.first_action.filter(|_| well()))
}

pub(super) fn prompt(case: &Case<'_>, card: &Scorecard) -> Fact {
    let about = About::Prompt;
    let Some(handover) = case.moments.handover.map(|at| case.moments.seconds(at)) else {
        return Fact::unseen(about, "there was no handover to count from");
    };
    let Some(helped) = helped(case, card) else {
        let text = match changes(case).count() {
            0 => NOBODY_ACTED.to_owned(),
            1 => "the one change brought no more users an answer".to_owned(),
            tried => format!("none of {tried} changes brought more users an answer"),
        };
        return Fact::judged(about, false, text).at("measures.time_to.mitigation");
    };
    let after = (helped - handover).max(0.0);
    let text = format!(
        "the first change that helped came {after:.0} s after the handover ({PROMPT_S:.0} s or less is prompt)"
    );
    let fact = Fact::judged(about, after <= PROMPT_S, text);
    // Reported seconds are rounded, the journal's are not.
    match changes(case).find(|entry| case.moments.seconds(entry.t_ms) >= helped - 0.001) {
        Some(entry) => fact.at(line(entry.seq)),
        None => fact.at("measures.time_to.mitigation"),
    }
}

/// A journey that users had lost when somebody acted, and that was well again with the trigger on.
pub(super) fn partly_back(case: &Case<'_>) -> Fact {
    let about = About::PartlyBack;
    let (Some(fault), Some(acted), Some(judged)) =
        (case.moments.fault, case.moments.first_action, case.judged())
    else {
        return Fact::judged(about, false, NOBODY_ACTED);
    };
    let least = case.plan.thresholds.goodput;
    let before = case.log.tallies(Span { from: fault, to: acted });
    let back = case.log.tallies(judged).into_iter().filter(|(journey, after)| {
        let lost = before
            .iter()
            .any(|(one, tally)| one == journey && tally.share().is_some_and(|share| share < least));
        lost && after.share().is_some_and(|share| share >= least)
    });
    let back: Vec<&str> = back.map(|(journey, _)| journey.name()).collect();
    let text = match back.is_empty() {
        true => "no journey that users had lost came back".to_owned(),
        false => format!("what was done brought back {}", back.join(", ")),
    };
    Fact::judged(about, !back.is_empty(), text).at(format!("requests.bin: {}", case.moments.name(judged)))
}

pub(super) fn recovered(case: &Case<'_>, card: &Scorecard) -> Fact {
    // What is judged for itself: how it was done, what it cost, whether it lasted.
    const APART: [&str; 6] = ["hold", "replay", "safe_bounds", "services", "money", "residue"];
    let about = About::Recovered;
    if case.moments.first_change.is_none() {
        return Fact::judged(about, false, "nobody changed anything, so nobody brought the shop back");
    }
    let all = card.criteria.iter().filter(|one| one.required && !APART.contains(&one.name.as_str()));
    let fact = summed(about, all.collect(), "the shop was well again by what was done");
    // Users had their answers: what failed of goodput is the other half of it.
    let answered = matches!(case.search, Search::Recovered(_));
    let pending = fact.holds == Some(false) && fact.evidence == "criterion goodput" && answered;
    if pending { fact.part(Some(Part::PendingInHealth)) } else { fact }
}

pub(super) fn lasted(case: &Case<'_>, card: &Scorecard) -> Fact {
    let about = About::Lasted;
    if case.moments.first_change.is_none() {
        return Fact::judged(about, false, "nobody changed anything, so nothing was there to last");
    }
    let all =
        card.criteria.iter().filter(|one| one.required && matches!(one.name.as_str(), "hold" | "replay"));
    summed(about, all.collect(), "it stayed well, also when the trigger came again")
}

pub(super) fn layers(case: &Case<'_>) -> Fact {
    let about = About::Layers;
    if case.moments.first_change.is_none() {
        return Fact::judged(about, false, NOBODY_ACTED);
    }
    let (levers, needed) = (levers::in_force(case), levers::needed(&case.plan));
    let kinds = levers.kinds();
    let text = match kinds.is_empty() {
        true => "no lever of resilience was in force".to_owned(),
        false => format!(
            "{} in force ({}), and it takes {needed} here",
            counted(kinds.len(), "kind of lever was", "kinds of levers were"),
            kinds.join(", ")
        ),
    };
    Fact::judged(about, kinds.len() >= needed, text).at(levers.evidence())
}

pub(super) fn bounds(case: &Case<'_>, card: &Scorecard) -> Fact {
    let about = About::Bounds;
    if case.moments.first_change.is_none() {
        return Fact::unseen(about, NOBODY_ACTED);
    }
    let named = ["safe_bounds", "services"].into_iter().filter_map(|name| card.criterion(name));
    summed(about, named.collect(), "the cure stayed inside the safe bounds, with every service there")
}

pub(super) fn money(case: &Case<'_>, card: &Scorecard) -> Fact {
    let about = About::Money;
    if case.moments.first_change.is_none() {
        return Fact::unseen(about, NOBODY_ACTED);
    }
    let named = card.criterion("money").into_iter();
    let part = card.money.as_ref().and_then(|money| match (money.double, money.lost, money.pending) {
        (1.., ..) => Some(Part::Double),
        (_, 1.., _) => Some(Part::Lost),
        (_, _, 1..) => Some(Part::LeftOpen),
        _ => None,
    });
    summed(about, named.collect(), "no order was lost, charged twice or left open").part(part)
}

pub(super) fn declared(case: &Case<'_>, card: &Scorecard) -> Fact {
    let about = About::Declared;
    let said = case.recording.entries(kind::ACTION).find(|entry| entry.text("verb") == "declare_recovered");
    match (said, &case.search) {
        (None, _) if card.candidate.is_some() => Fact::unseen(about, "a script's time ends by the clock"),
        (None, _) => Fact::judged(about, false, "nobody declared the shop recovered"),
        (Some(said), Search::Recovered(recovery)) if said.t_ms >= recovery.windows.from => {
            let text = format!(
                "recovery was declared {:.0} s after it began",
                (said.t_ms - recovery.windows.from) as f64 / 1_000.0
            );
            Fact::judged(about, true, text).at(line(said.seq))
        }
        (Some(said), _) => {
            Fact::judged(about, false, "recovery was declared and users did not have it").at(line(said.seq))
        }
    }
}

/// Holds if all pass, fails at the first that does not, and is unseen without evidence.
fn summed(about: About, criteria: Vec<&Criterion>, good: &str) -> Fact {
    let of = |status| criteria.iter().find(|one| one.finding.status == status);
    let names: Vec<&str> = criteria.iter().map(|one| one.name.as_str()).collect();
    if let Some(failed) = of(Status::Fail) {
        let text = format!("{}: {}", failed.name, failed.finding.reason);
        return Fact::judged(about, false, text)
            .at(format!("criterion {}", failed.name))
            .part(Part::of(&failed.name));
    }
    match of(Status::Unknown) {
        Some(unknown) => Fact::unseen(about, format!("{}: {}", unknown.name, unknown.finding.reason)),
        None if criteria.is_empty() => Fact::unseen(about, "this drill does not ask for it"),
        None => Fact::judged(about, true, good).at(format!("criteria {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::seen;
    use super::*;
    use crate::testbed::Bed;
    use serde_json::json;

    fn holds(bed: &Bed, about: About) -> Option<bool> {
        seen(bed, about).holds
    }

    #[test]
    fn who_brings_the_shop_back_soon_and_for_good_is_credited() {
        let bed = Bed::recovered();
        for about in
            [About::Prompt, About::Recovered, About::Lasted, About::Bounds, About::Money, About::PartlyBack]
        {
            assert_eq!(holds(&bed, about), Some(true), "{about:?}");
        }
    }

    #[test]
    fn who_does_nothing_is_credited_with_nothing() {
        let bed = Bed::never_recovered();
        for about in [About::Prompt, About::Recovered, About::Lasted, About::Layers, About::PartlyBack] {
            assert_eq!(holds(&bed, about), Some(false), "{about:?}");
        }
        for about in [About::Bounds, About::Money] {
            assert_eq!(holds(&bed, about), None, "{about:?}");
        }
    }

    #[test]
    fn without_a_handover_there_is_nothing_to_count_from() {
        let mut bed = Bed::recovered();
        bed.phases.retain(|(name, _)| *name != "handover");
        assert_eq!(holds(&bed, About::Prompt), None);
    }

    #[test]
    fn a_declaration_holds_when_users_agree() {
        let declared = |bed: Bed, t_ms| {
            let body = json!({"verb": "declare_recovered", "text": ""});
            holds(&bed.entry(t_ms, kind::ACTION, "ada", body), About::Declared)
        };
        assert_eq!(declared(Bed::recovered(), 13_000), Some(true));
        assert_eq!(declared(Bed::recovered(), 10_500), Some(false));
        assert_eq!(declared(Bed::never_recovered(), 13_000), Some(false));
        assert_eq!(holds(&Bed::recovered(), About::Declared), None);
    }

    #[test]
    fn a_failure_names_its_part() {
        let pending = Bed::recovered().outcome(4, evidence::Outcome::Pending, 0, 900);
        assert_eq!(seen(&pending, About::Recovered).part, Some(Part::PendingInHealth));
        assert_eq!(seen(&Bed::never_recovered(), About::Recovered).part, None);
        let mut double = Bed::recovered();
        let again = crate::testbed::charge("o1-3");
        double.ledgers.charges.as_mut().unwrap().push(evidence::Charge { id: "d".into(), ..again });
        assert_eq!(seen(&double, About::Money).part, Some(Part::Double));
    }

    #[test]
    fn a_lost_ledger_leaves_the_money_unseen() {
        let mut bed = Bed::recovered();
        bed.ledgers.charges = None;
        assert_eq!(holds(&bed, About::Money), None);
    }
}
