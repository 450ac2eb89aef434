//! The shop stays down by itself: the trigger is gone, nobody has acted, and most users are still not served.

use super::{Found, MechanismKind, mechanism};
use crate::case::Case;
use crate::finding::percent;
use crate::moments::{Span, millis};

/// Of the users who are judged. Less than half.
const MOST_GOODPUT: f64 = 0.5;
/// What was begun under the trigger is over after this many times the users' patience.
const PATIENCES: u64 = 2;

pub(super) fn find(case: &Case<'_>) -> Vec<Found> {
    found(case).into_iter().collect()
}

fn found(case: &Case<'_>) -> Option<Found> {
    let span = afterwards(case)?;
    let (offered, good) = case
        .log
        .judged(span)
        .into_iter()
        .fold((0, 0), |(offered, good), (_, tally)| (offered + tally.offered, good + tally.good));
    let goodput = (offered > 0).then(|| good as f64 / offered as f64)?;
    let what = format!(
        "the trigger was gone and {} of the users were served for {:.0} s, until somebody acted or it was over",
        percent(goodput),
        span.seconds()
    );
    let evidence = format!("requests.bin: goodput, {}; journal: fault_cleared", case.moments.name(span));
    // A shop that is down without a cause is so whatever else is true of it.
    (goodput < MOST_GOODPUT).then(|| (1.0, mechanism(MechanismKind::Metastable, "shop", what, evidence)))
}

/// From the end of the trigger, and of what was begun under it, to the next act; `None` if that is shorter than the
/// windows that a recovery is judged by.
fn afterwards(case: &Case<'_>) -> Option<Span> {
    let moments = &case.moments;
    let heal = moments.heal?;
    let from = heal + PATIENCES * millis(case.plan.load.patience);
    let replay = moments.replay.map(|replay| replay.from);
    let acts = [moments.first_action, moments.ends, replay, Some(moments.end)];
    let to = acts.into_iter().flatten().filter(|at| *at > heal).min()?;
    let early = moments.first_action.is_some_and(|acted| acted <= heal);
    let least = millis(case.plan.windows.length) * u64::from(case.plan.windows.count);
    (!early && to >= from + least).then_some(Span { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    fn of(bed: &Bed) -> Option<String> {
        let recording = bed.recording();
        found(&Case::new(&recording, bed.plan())).map(|(_, mechanism)| mechanism.what)
    }

    #[test]
    fn a_shop_that_is_down_without_its_trigger_is_metastable() {
        let what = of(&Bed::stormy()).unwrap();
        assert!(what.contains("0 % of the users were served for 3 s"), "{what}");
    }

    #[test]
    fn a_shop_that_is_well_again_is_not() {
        let mut bed = Bed::well("nothing", None);
        bed.heal = 7_000;
        assert_eq!(of(&bed.aftermath(serde_json::json!({}))), None);
    }

    #[test]
    fn whoever_acted_before_the_end_of_the_trigger_leaves_it_unknown() {
        assert_eq!(of(&Bed::recovered()), None);
    }
}
