//! What failing and slow requests spent their time on: the critical paths of the outage's traces, added up. To shorten
//! anything that is not on it changes nothing for users.

use std::collections::BTreeMap;

use evidence::traces::{Doing, Kind, Segment, Trace, critical_path};
use serde::{Deserialize, Serialize};

use super::Measures;
use crate::case::Case;
use crate::finding::round;
use crate::moments::Span;

/// A request that took so long is looked at though it did not fail, as the sampling rule has it.
const SLOW_NS: u64 = 1_000_000_000;
/// Fewer traces than this are no picture of an outage.
const FEWEST: u64 = 3;
/// Stretches that are told; the rest is small.
const MOST: usize = 8;

/// The critical path of an outage, over all of its failing and slow traces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriticalPath {
    pub traces: u64,
    /// Largest share first, at most eight.
    pub stretches: Vec<Stretch>,
    /// The trace that took longest.
    pub longest: String,
}

/// One kind of time on the critical path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// A service, or of a call whose callee left no span the edge: `payment->bank`.
    pub at: String,
    pub operation: String,
    /// `work`, `queue`, `pause` (before a retry) or `untold` (the callee has not told).
    pub doing: String,
    /// Of the time of all these traces.
    pub share: f64,
    /// A trace, on average.
    pub seconds: f64,
}

pub(super) fn measure(case: &Case<'_>, outage: Span, measures: &mut Measures) {
    let to = case.moments.first_action.map_or(outage.to, |acted| acted.min(outage.to));
    let span = Span { from: outage.from, to };
    let Some(path) = path(case, span).or_else(|| path(case, outage)) else { return };
    for stretch in &path.stretches {
        let name = format!("measures.critical_path.{}.{}.{}", stretch.at, stretch.operation, stretch.doing);
        let spans =
            format!("spans.jsonl: {} failing or slow traces, {}", path.traces, case.moments.name(span));
        measures.note(name, Some(stretch.share), "share", spans);
    }
    measures.critical_path = Some(path);
}

fn path(case: &Case<'_>, span: Span) -> Option<CriticalPath> {
    let mut times: BTreeMap<(String, String, &'static str), u64> = BTreeMap::new();
    let (mut traces, mut all) = (0u64, 0u64);
    let mut longest: Option<(u64, String)> = None;
    for trace in &case.recording.traces {
        let Some(root) = trace.spans.first() else { continue };
        let at = case.moments.on_clock(root.start_unix_ns / 1_000_000);
        let sick = trace.spans.iter().any(|span| span.error) || root.took_ns() >= SLOW_NS;
        if !sick || at < span.from || at >= span.to {
            continue;
        }
        traces += 1;
        let mut took = 0;
        for segment in critical_path(trace) {
            let length = segment.to_ns.saturating_sub(segment.from_ns);
            *times.entry(named(trace, &segment)).or_default() += length;
            took += length;
        }
        all += took;
        if longest.as_ref().is_none_or(|(most, _)| took > *most) {
            longest = Some((took, trace.id.to_string()));
        }
    }
    if traces < FEWEST || all == 0 {
        return None;
    }
    let mut stretches: Vec<Stretch> = times
        .into_iter()
        .map(|((at, operation, doing), ns)| Stretch {
            at,
            operation,
            doing: doing.to_owned(),
            share: round(ns as f64 / all as f64),
            seconds: round(ns as f64 / 1e9 / traces as f64),
        })
        .collect();
    stretches.sort_by(|a, b| b.share.total_cmp(&a.share));
    stretches.truncate(MOST);
    Some(CriticalPath { traces, stretches, longest: longest.map(|(_, id)| id).unwrap_or_default() })
}

/// Where, at what, and doing what.
fn named(trace: &Trace, segment: &Segment) -> (String, String, &'static str) {
    let span = &trace.spans[segment.span];
    let doing = match segment.doing {
        Doing::Work => "work",
        Doing::Queued => "queue",
        Doing::Pause => "pause",
        Doing::Untold => "untold",
    };
    match span.called().filter(|_| span.kind == Kind::Client) {
        Some((target, method)) => (format!("{}->{target}", span.service), method.to_owned(), doing),
        None => (span.service.clone(), span.name.clone(), doing),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use super::*;
    use crate::testbed::{Bed, span};

    /// A charge of `ms` milliseconds, almost all of it at the bank.
    fn charge(id: u128, at: u64, ms: u64) -> Trace {
        let spans = vec![
            span(id, 1, 0, "payment", "Charge", Kind::Server, (at, at + ms)),
            span(id, 2, 1, "payment", "bank.charge", Kind::Client, (at + 10, at + ms)),
        ];
        Trace::new(evidence::traces::TraceId(id), spans)
    }

    fn with(traces: Vec<Trace>) -> Option<CriticalPath> {
        let mut bed = Bed::never_recovered();
        bed.traces = traces;
        measured(&bed).critical_path
    }

    #[test]
    fn the_time_of_slow_requests_is_told_by_where_it_went() {
        let path = with((1..5).map(|id| charge(id, 9_000, 3_000)).collect()).unwrap();
        assert_eq!((path.traces, path.stretches[0].at.as_str()), (4, "payment->bank"), "{path:?}");
        assert!(path.stretches[0].share > 0.99 && path.stretches[0].seconds > 2.9, "{path:?}");
    }

    #[test]
    fn quick_requests_and_those_of_another_time_are_left_out() {
        assert_eq!(with((1..5).map(|id| charge(id, 9_000, 100)).collect()), None);
        assert_eq!(with((1..5).map(|id| charge(id, 1_000, 3_000)).collect()), None);
    }

    #[test]
    fn two_traces_are_no_picture() {
        assert_eq!(with((1..3).map(|id| charge(id, 9_000, 3_000)).collect()), None);
        assert_eq!(with(Vec::new()), None);
    }
}
