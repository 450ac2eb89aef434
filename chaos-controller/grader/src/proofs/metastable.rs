//! The shop was down by itself: hardly anybody was served, although the trigger was gone and nobody had acted. One
//! finding for each figure, in every slice of the time that the drill names: a mean would hide a good half.
//!
//! Who acts before that time is over has not waited for the state, and may have kept it from coming, which is a success
//! and no fault of the experiment: then the figures are told and prove nothing. Without an act the state has to be
//! there, or the drill was another one: void.

use drill::{Figure, Metastable};

use crate::case::Case;
use crate::finding::{Finding, Sense};
use crate::goodput::Tally;
use crate::moments::{Span, millis};
use crate::query;
use crate::scorecard::Criterion;

/// Figures are taken over this long; a time that holds fewer than two of them is taken as one.
const SLICE_MS: u64 = 10_000;
/// What is done so shortly before the end changes nothing of what was seen.
const SAME_MOMENT_MS: u64 = 1_000;
/// Fewer requests of the journey than this in a slice say nothing.
const FEWEST: u64 = 20;

/// The time in which the state must be seen; `None` if the faults never ended.
pub(crate) fn span(case: &Case<'_>, state: &Metastable) -> Option<Span> {
    let heal = case.moments.heal?;
    Some(Span { from: heal + millis(state.from), to: heal + millis(state.to) })
}

/// A proof for each figure; none if the drill asks for none.
pub(crate) fn prove(case: &Case<'_>) -> Vec<Criterion> {
    let state = case.plan.aftermath.as_ref().and_then(|aftermath| aftermath.metastable.as_ref());
    let Some(state) = state else { return Vec::new() };
    let span = span(case, state);
    let figures = state.figures(std::time::Duration::from_millis(slice(span)));
    let proofs = figures.into_iter().map(|figure| Criterion {
        name: format!("metastable_{}", figure.name),
        required: true,
        finding: match span {
            Some(span) => judge(case, state, &figure, span),
            None => Finding::unknown("the faults never ended"),
        },
    });
    proofs.collect()
}

fn slice(span: Option<Span>) -> u64 {
    let length = span.map_or(SLICE_MS, |span| span.to.saturating_sub(span.from));
    if length >= 2 * SLICE_MS { SLICE_MS } else { length }
}

fn judge(case: &Case<'_>, state: &Metastable, figure: &Figure, span: Span) -> Finding {
    let width = slice(Some(span));
    let ends = (span.from + width..=span.to).step_by(width.max(1) as usize);
    let values: Option<Vec<(f64, u64)>> =
        ends.map(|to| Some((value(case, state, figure, Span { from: to - width, to })?, to))).collect();
    let worst = values.and_then(|values| {
        let worse = |a: &(f64, u64), b: &(f64, u64)| {
            if figure.above { a.0.total_cmp(&b.0) } else { b.0.total_cmp(&a.0) }
        };
        values.into_iter().min_by(worse)
    });
    let (worst, at_ms) = (worst.map(|(worst, _)| worst), worst.map_or(span.to, |(_, to)| to));
    let slices = format!("in every {} s", width as f64 / 1e3);
    let side = if figure.above { "above" } else { "below" };
    let told = worst.map_or("unknown".to_owned(), |worst| format!("{worst:.3}"));
    let finding = match (acted(case, span), worst) {
        (Some(at), _) => Finding::pass(format!(
            "not asked for: the shop was changed {:+.1} s after the fault's start, before the state was to be proven; {} was {told}",
            case.moments.seconds(at),
            figure.name,
        )),
        (None, Some(worst)) if figure.holds(worst) => Finding::pass(format!(
            "with the trigger gone {} stayed {side} {} {slices}: at worst {told}",
            figure.name, figure.limit
        )),
        (None, Some(_)) => Finding::fail(format!(
            "the shop was not down by itself: {} must be {side} {} {slices}, and was {told}",
            figure.name, figure.limit
        )),
        (None, None) => Finding::unknown(format!("not enough is recorded of {}", figure.name)),
    };
    let finding = match worst {
        Some(worst) => finding.value(worst),
        None => finding,
    };
    finding
        .threshold(if figure.above { Sense::Above } else { Sense::Below }, figure.limit)
        .unit(if figure.name == "goodput" { "share" } else { "" })
        .evidence(format!("{slices}, {}", case.moments.name(span)))
        .query(figure.promql.clone(), at_ms)
}

/// A figure over one slice. Goodput is that of the request log, which knows how long each answer took.
fn value(case: &Case<'_>, state: &Metastable, figure: &Figure, slice: Span) -> Option<f64> {
    if figure.name == "goodput" {
        return tally(case, state, slice).filter(|tally| tally.offered >= FEWEST)?.share();
    }
    let found = query::vector(&case.recording.samples, &figure.promql, slice.to);
    found.first().map(|(_, value)| *value).filter(|value| value.is_finite())
}

/// The requests of the journey that had to be answered well within the span: who comes in its last moments can be saved by
/// what is done after it.
pub(crate) fn tally(case: &Case<'_>, state: &Metastable, span: Span) -> Option<Tally> {
    let journey = state.goodput.journey;
    let load = case.plan.load.journeys.iter().find(|load| load.journey == journey)?;
    let slo = millis(load.slo_latency);
    let span = Span { from: span.from.saturating_sub(slo), to: span.to.saturating_sub(slo) };
    case.log.tallies(span).into_iter().find(|(of, _)| *of == journey).map(|(_, tally)| tally)
}

/// When somebody acted before the time was over, be it before the trigger: what keeps the state from coming may be in
/// force already. A script acts at the time's end, to the millisecond.
fn acted(case: &Case<'_>, span: Span) -> Option<u64> {
    case.moments.first_change.filter(|at| *at + SAME_MOMENT_MS < span.to)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::finding::Status;
    use crate::testbed::Bed;
    use crate::{Verdict, grade};

    fn proven(bed: &Bed) -> Vec<(String, Status)> {
        let recording = bed.recording();
        let proofs = prove(&Case::new(&recording, bed.plan()));
        proofs.into_iter().map(|proof| (proof.name, proof.finding.status)).collect()
    }

    #[test]
    fn a_shop_that_is_down_by_itself_is_proven_by_each_figure() {
        let figures = ["goodput", "amplification", "busy", "waste"];
        let expected: Vec<_> = figures.map(|name| (format!("metastable_{name}"), Status::Pass)).to_vec();
        assert_eq!(proven(&Bed::stormy()), expected);
        assert_eq!(proven(&Bed::recovered()), [], "other drills ask for no such state");
    }

    #[test]
    fn a_storm_that_did_not_come_makes_the_run_void() {
        let mut bed = Bed::well("nothing", None).aftermath(json!({}));
        (bed.heal, bed.storm) = (7_000, Some(1));
        let card = grade(&bed.recording()).card;
        assert_eq!(card.verdict, Verdict::Void);
        assert!(card.reason.contains("not down by itself"), "{}", card.reason);
    }

    #[test]
    fn a_storm_that_somebody_kept_from_coming_is_no_fault_of_the_experiment() {
        let mut bed = Bed::well("short-queue", Some(5_000)).aftermath(json!({}));
        (bed.heal, bed.storm) = (7_000, Some(1));
        let card = grade(&bed.recording()).card;
        assert_eq!((card.verdict, card.exit), (Verdict::Pass, 0), "{}", card.reason);
        let finding = &card.criterion("metastable_goodput").unwrap().finding;
        assert!(finding.reason.starts_with("not asked for"), "{}", finding.reason);
    }

    #[test]
    fn who_acted_before_the_trigger_may_have_kept_the_storm_from_coming() {
        let mut bed = Bed::well("short-queue", Some(4_999)).aftermath(json!({}));
        (bed.heal, bed.storm) = (7_000, Some(1));
        assert!(proofs_of(&bed)[0].starts_with("not asked for"), "{}", proofs_of(&bed)[0]);
        let by = json!({"version": 2, "document": {"version": 1}});
        let mut bed = Bed::well("nothing", None).aftermath(json!({})).entry(
            0,
            evidence::kind::POLICY,
            "controller",
            by,
        );
        (bed.heal, bed.storm) = (7_000, Some(1));
        assert!(proofs_of(&bed)[0].starts_with("the shop was not down by itself"), "the policy of the start");
    }

    #[test]
    fn a_state_of_which_nothing_is_recorded_is_unknown() {
        let mut bed = Bed::stormy();
        bed.unscraped.push("order");
        assert_eq!(proven(&bed)[1].1, Status::Unknown);
    }

    #[test]
    fn who_acts_at_the_end_of_the_time_has_waited_for_it() {
        let mut bed = Bed::well("budget", Some(13_900)).sick(6_000, 17_000).aftermath(json!({}));
        (bed.heal, bed.storm) = (7_000, Some(4));
        assert!(!proofs_of(&bed)[0].starts_with("not asked for"));
        let mut bed = Bed::well("budget", Some(12_900)).sick(6_000, 17_000).aftermath(json!({}));
        (bed.heal, bed.storm) = (7_000, Some(4));
        assert!(proofs_of(&bed)[0].starts_with("not asked for"));
    }

    fn proofs_of(bed: &Bed) -> Vec<String> {
        let recording = bed.recording();
        let proofs = prove(&Case::new(&recording, bed.plan()));
        proofs.into_iter().map(|proof| proof.finding.reason).collect()
    }
}
