//! The search for recovery: while the trigger is still on, or where the drill judges it after the trigger, from the heal on.
//!
//! ```text
//!  fault ---- full dose ---- first action ---- [w][w][w][w][w]---- hold ----|       heal
//!                            search starts     ^ recovered     ^ recovered windows end
//! ```
//! The windows lie after the first action (or the handover, if nobody acted) and before the fault was cleared, and the
//! last one ends at full dose: a shop that is well because the ramp has not yet bitten has survived nothing. The hold
//! follows without a gap, through the heal if need be. Of several sets of windows the first counts in which everything
//! that "recovered" needs is true, the drill's own required criteria of the recovery included; if there is none, the first
//! that was well but for those, the first that held, and else the first.
//!
//! Where recovery is judged after the trigger, the windows of a script begin at most `within` after the handover: the time
//! for the windows and the hold comes on top of that. A person has said when the shop was well.

use drill::{During, Journey, OwnCriterion};

use crate::case::Case;
use crate::criteria::{amplification, own, queue_wait};
use crate::finding::Status;
use crate::moments::{Span, millis};

/// Starts are tried this far apart.
const STEP_MS: u64 = 1_000;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Search {
    /// No fault, or no request of some journey in its time.
    NoData,
    /// No set of windows was good. The best one, by its worst journey.
    Never {
        best: Option<(Span, Journey, f64)>,
    },
    Recovered(Recovery),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recovery {
    pub(crate) windows: Span,
    /// Least goodput of any journey in any window.
    pub(crate) worst: (Journey, f64),
    pub(crate) hold: Hold,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hold {
    pub(crate) span: Span,
    pub(crate) status: Status,
    /// Least goodput of any journey, and when.
    pub(crate) worst: Option<(Journey, f64, u64)>,
}

pub(crate) fn search(case: &Case<'_>) -> Search {
    let (moments, plan) = (&case.moments, &case.plan);
    let (Some(time), Some(outage)) = (time(case), moments.outage()) else { return Search::NoData };
    if case.log.worst(outage).is_none() {
        return Search::NoData;
    }
    let latest = match (&plan.aftermath, &plan.candidate, moments.handover) {
        (Some(stated), Some(_), Some(handover)) => {
            handover.max(moments.heal.unwrap_or_default()) + millis(stated.within) + total(case)
        }
        _ => time.to,
    };
    let of_recovery = |own: &&OwnCriterion| own.required && matches!(own.during, During::Recovery);
    let own: Vec<&OwnCriterion> = plan.criteria.iter().filter(of_recovery).collect();
    within(case, Span { to: time.to.min(latest), ..time }, &own)
}

/// The time in which the shop may be well: from the first action or the handover to the end of the outage.
fn time(case: &Case<'_>) -> Option<Span> {
    let moments = &case.moments;
    let (outage, full) = (moments.outage()?, moments.full?);
    let start = moments.first_action.or(moments.handover).unwrap_or(full).max(outage.from);
    let from = match &case.plan.aftermath {
        None => start.max(full.saturating_sub(total(case))),
        Some(_) => start.max(moments.heal?),
    };
    Some(Span { from, to: outage.to })
}

/// The search once more, after the trigger that was fired again; `None` if it was not, or the drill judges the shop
/// while it is on.
pub(crate) fn again(case: &Case<'_>) -> Option<Search> {
    let aftermath = case.plan.aftermath.as_ref()?;
    let from = case.moments.replay?.to;
    let to = from + millis(aftermath.within) + total(case);
    let span = Span { from, to };
    Some(if case.log.worst(span).is_none() { Search::NoData } else { within(case, span, &[]) })
}

/// When goodput alone was back for good after the trigger, and after the one that was fired again: the start of the last
/// stretch without a bad window. `None` if what came back did not hold, or was gone again when its time was over.
pub(crate) fn for_good(case: &Case<'_>, found: &Search) -> Option<u64> {
    lasting(case, found, time(case)?)
}

/// The same after the trigger that was fired again.
pub(crate) fn for_good_again(case: &Case<'_>, found: &Search) -> Option<u64> {
    let from = case.moments.replay?.to;
    let within = millis(case.plan.aftermath.as_ref()?.within);
    lasting(case, found, Span { from, to: from + within + millis(case.plan.proving()) })
}

fn lasting(case: &Case<'_>, found: &Search, span: Span) -> Option<u64> {
    let held = matches!(found, Search::Recovered(recovery) if recovery.hold.status == Status::Pass);
    let (length, total) = (millis(case.plan.windows.length).max(1), total(case));
    let mut since = None;
    for windows in held.then(|| starts(span, total)).into_iter().flatten() {
        match worst_window(case, windows, length) {
            Some((_, share)) if share >= case.plan.thresholds.goodput => {
                since.get_or_insert(windows.from);
            }
            Some(_) => since = None,
            // Nobody came: that says nothing.
            None => {}
        }
    }
    since
}

/// The windows together.
fn total(case: &Case<'_>) -> u64 {
    millis(case.plan.windows.length).max(1) * u64::from(case.plan.windows.count)
}

/// Every set of windows in a span.
fn starts(span: Span, total: u64) -> impl Iterator<Item = Span> {
    (span.from..)
        .step_by(STEP_MS as usize)
        .map(move |from| Span { from, to: from + total })
        .take_while(move |windows| windows.to <= span.to)
}

/// The first windows in a span in which all is well, and what the drill asks for besides.
fn within(case: &Case<'_>, span: Span, besides: &[&OwnCriterion]) -> Search {
    let plan = &case.plan;
    let (length, total) = (millis(plan.windows.length).max(1), total(case));
    let mut best: Option<(Span, Journey, f64)> = None;
    let mut best_rank = (f64::NEG_INFINITY, 0.0);
    let (mut first, mut held, mut usual): (Option<Recovery>, Option<Recovery>, Option<Recovery>) =
        (None, None, None);
    for windows in starts(span, total) {
        let Some(worst) = worst_window(case, windows, length) else { continue };
        // Of two in which the worst journey is as bad, the one in which the others are better tells what is missing.
        let rank = (worst.1, case.log.share(windows));
        if rank > best_rank {
            (best, best_rank) = (Some((windows, worst.0, worst.1)), rank);
        }
        if worst.1 < plan.thresholds.goodput {
            continue;
        }
        let recovery = Recovery { windows, worst, hold: hold(case, windows.to, length) };
        if recovery.hold.status == Status::Pass {
            let judged = Span { from: windows.from, to: recovery.hold.span.to };
            let well = queue_wait::judge_span(case, judged).status == Status::Pass
                && amplification::judge_span(case, judged).status == Status::Pass;
            let passes = |own: &&OwnCriterion| own::judge_span(case, own, windows).status == Status::Pass;
            if well && besides.iter().all(passes) {
                return Search::Recovered(recovery);
            }
            if well {
                usual.get_or_insert_with(|| recovery.clone());
            }
            held.get_or_insert_with(|| recovery.clone());
        }
        first.get_or_insert(recovery);
    }
    match usual.or(held).or(first) {
        Some(recovery) => Search::Recovered(recovery),
        None => Search::Never { best },
    }
}

/// The least goodput in any window; a window without a request of some journey says nothing of that journey, but the
/// windows together must know every journey.
fn worst_window(case: &Case<'_>, span: Span, length: u64) -> Option<(Journey, f64)> {
    let overall = case.log.worst(span)?;
    slices(span, length)
        .flat_map(|window| case.log.judged(window))
        .filter_map(|(journey, tally)| Some((journey, tally.share()?)))
        .chain([overall])
        .min_by(|a, b| a.1.total_cmp(&b.1))
}

fn hold(case: &Case<'_>, from: u64, length: u64) -> Hold {
    let span = Span { from, to: from + millis(case.plan.hold) };
    let mut worst: Option<(Journey, f64, u64)> = None;
    for window in slices(span, length) {
        for (journey, tally) in case.log.judged(window) {
            let Some(share) = tally.share() else { continue };
            if worst.is_none_or(|(_, least, _)| share < least) {
                worst = Some((journey, share, window.from));
            }
        }
    }
    let known = span.from == span.to || (case.log.worst(span).is_some() && span.to <= case.moments.end);
    let status = match worst {
        Some((_, share, _)) if share < case.plan.thresholds.goodput => Status::Fail,
        _ if known => Status::Pass,
        _ => Status::Unknown,
    };
    Hold { span, status, worst }
}

fn slices(span: Span, length: u64) -> impl Iterator<Item = Span> {
    (span.from..span.to)
        .step_by(length as usize)
        .map(move |from| Span { from, to: (from + length).min(span.to) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testbed::Bed;

    fn found(bed: &Bed) -> Option<Span> {
        let recording = bed.recording();
        match Case::new(&recording, bed.plan()).search {
            Search::Recovered(recovery) => Some(recovery.windows),
            _ => None,
        }
    }

    /// The bed is handed over at 15 s, and a script has two seconds from there: the hold is no time to recover in.
    #[test]
    fn the_windows_of_a_script_begin_within_its_time_after_the_handover() {
        let latest = Span { from: 17_000, to: 18_000 };
        assert_eq!(found(&Bed::stormy()), Some(latest));
        assert_eq!(found(&Bed::stormy().sick(17_000, 18_000)), None);
        let mut person = Bed::stormy().sick(17_000, 18_000);
        person = person.aftermath(json!({"candidate": null}));
        assert_eq!(found(&person).map(|windows| windows.from), Some(18_000), "a person declares it");
    }

    #[test]
    fn what_the_drill_asks_of_the_recovery_decides_which_windows_count() {
        let asking = |limit: u64, required: bool| {
            // At 13 s it still knows that the queue was full at 10 s.
            let promql =
                format!("max(max_over_time(lab_queue_depth{{service=\"payment\"}}[3500ms])) < {limit}");
            let own = json!([{"name": "room", "promql": promql, "during": "recovery", "required": required}]);
            found(&Bed::recovered().with_plan(json!({"criteria": own}))).unwrap().from
        };
        assert_eq!(asking(10, true), 14_000);
        assert_eq!(asking(10, false), 11_000, "what is only told decides nothing");
        assert_eq!(asking(0, true), 11_000, "without such windows those count that are well otherwise");
    }
}
