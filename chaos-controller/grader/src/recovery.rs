//! The search for recovery: while the trigger is still on, or where the drill judges it after the trigger, from the heal on.
//!
//! ```text
//!  fault ---- full dose ---- first action ---- [w][w][w][w][w]---- hold ----|       heal
//!                            search starts     ^ recovered     ^ recovered windows end
//! ```
//! The windows lie after the first action (or the handover, if nobody acted) and before the fault was cleared, and the
//! last one ends at full dose: a shop that is well because the ramp has not yet bitten has survived nothing. The hold
//! follows without a gap, through the heal if need be. Of several sets of windows the first counts in which everything
//! that "recovered" needs is true; if there is none, the first that held, and else the first.

use drill::Journey;

use crate::case::Case;
use crate::criteria::{amplification, queue_wait};
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
    /// When goodput alone was back for good; the rest of what "recovered" needs may come later.
    pub(crate) good_from: u64,
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
    let (Some(outage), Some(full)) = (moments.outage(), moments.full) else { return Search::NoData };
    let start = moments.first_action.or(moments.handover).unwrap_or(full).max(outage.from);
    let start = match (&plan.aftermath, moments.heal) {
        (None, _) => start.max(full.saturating_sub(total(case))),
        (Some(_), Some(heal)) => start.max(heal),
        (Some(_), None) => return Search::NoData,
    };
    if case.log.worst(outage).is_none() {
        return Search::NoData;
    }
    within(case, Span { from: start, to: outage.to })
}

/// The search once more, after the trigger that was fired again; `None` if it was not, or the drill judges the shop
/// while it is on.
pub(crate) fn again(case: &Case<'_>) -> Option<Search> {
    let aftermath = case.plan.aftermath.as_ref()?;
    let from = case.moments.replay?.to;
    let to = from + millis(aftermath.within) + total(case);
    let span = Span { from, to };
    Some(if case.log.worst(span).is_none() { Search::NoData } else { within(case, span) })
}

/// The windows together.
fn total(case: &Case<'_>) -> u64 {
    millis(case.plan.windows.length).max(1) * u64::from(case.plan.windows.count)
}

/// The first windows in a span in which all is well.
fn within(case: &Case<'_>, span: Span) -> Search {
    let plan = &case.plan;
    let (length, total) = (millis(plan.windows.length).max(1), total(case));
    let mut best: Option<(Span, Journey, f64)> = None;
    let (mut first, mut held): (Option<Recovery>, Option<Recovery>) = (None, None);
    for from in (span.from..).step_by(STEP_MS as usize).take_while(|from| from + total <= span.to) {
        let windows = Span { from, to: from + total };
        let Some(worst) = worst_window(case, windows, length) else { continue };
        if best.as_ref().is_none_or(|(_, _, share)| worst.1 > *share) {
            best = Some((windows, worst.0, worst.1));
        }
        if worst.1 < plan.thresholds.goodput {
            continue;
        }
        let mut recovery = Recovery { windows, good_from: from, worst, hold: hold(case, windows.to, length) };
        if recovery.hold.status == Status::Pass {
            let judged = Span { from: windows.from, to: recovery.hold.span.to };
            let well = queue_wait::judge_span(case, judged).status == Status::Pass
                && amplification::judge_span(case, judged).status == Status::Pass;
            if well {
                recovery.good_from = held.as_ref().map_or(from, |earlier| earlier.good_from);
                return Search::Recovered(recovery);
            }
            held.get_or_insert_with(|| recovery.clone());
        }
        first.get_or_insert(recovery);
    }
    match held.or(first) {
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
