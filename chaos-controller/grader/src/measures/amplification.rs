//! Attempts per call of every edge while the fault was on: what retries made of the load.

use std::collections::BTreeSet;

use evidence::Samples;

use super::Measures;
use crate::case::Case;
use crate::criteria::amplification::FEWEST_CALLS;
use crate::finding::round;
use crate::moments::Span;
use crate::query::growth;

const ATTEMPTS: &str = "lab_client_attempts_total";
const CALLS: &str = "lab_client_calls_total";

/// Edges with too few calls are left out. Counted and not asked in PromQL: an outage is when processes are started anew,
/// and this has nothing to extrapolate.
pub(super) fn measure(case: &Case<'_>, outage: Span, measures: &mut Measures) {
    let samples = &case.recording.samples;
    let mut edges: BTreeSet<(&str, &str)> = BTreeSet::new();
    for series in samples.series(CALLS, &[]) {
        edges.extend(series.label("service").zip(series.label("target")));
    }
    for (service, target) in edges {
        let matchers = [("service", service), ("target", target)];
        let Some((attempts, calls)) = counted(samples, &matchers, outage) else { continue };
        let factor = round(attempts / calls);
        let edge = format!("{service}->{target}");
        let of = |counter: &str| {
            let counter = format!("{counter}{{service=\"{service}\",target=\"{target}\"}}");
            growth(samples, &counter, "service, target", outage)
        };
        let evidence = format!(
            "samples.bin: {attempts:.0} attempts for {calls:.0} calls, {}",
            case.moments.name(outage)
        );
        let asked = (evidence, format!("{} / {}", of(ATTEMPTS), of(CALLS)), outage.to);
        measures.ask(
            case,
            format!("measures.amplification.{edge}"),
            Some(factor),
            "attempts per call",
            asked,
        );
        measures.amplification.insert(edge, factor);
    }
}

/// Attempts, and the calls that they were made for; `None` where too few calls were made to say anything.
pub(crate) fn counted(samples: &Samples, edge: &[(&str, &str)], span: Span) -> Option<(f64, f64)> {
    let grown = |counter: &str| samples.increase(counter, edge, span.from, span.to);
    let calls = grown(CALLS).filter(|calls| *calls >= FEWEST_CALLS)?;
    Some((grown(ATTEMPTS)?, calls))
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use crate::testbed::Bed;

    fn with_attempts(attempts: u64) -> Bed {
        let mut bed = Bed::never_recovered();
        bed.attempts_per_call = attempts;
        bed
    }

    #[test]
    fn attempts_are_counted_by_edge_and_can_be_asked_again() {
        let measures = measured(&with_attempts(3));
        assert_eq!(measures.amplification["order->payment"], 3.0);
        let figure =
            measures.figures.iter().find(|one| one.name == "measures.amplification.order->payment").unwrap();
        assert_eq!(figure.at_ms, Some(25_000), "{figure:?}");
        assert_eq!(measured(&with_attempts(1)).amplification["order->payment"], 1.0);
    }

    #[test]
    fn an_edge_without_samples_is_left_out() {
        let mut bed = with_attempts(3);
        bed.unscraped.push("order");
        assert!(measured(&bed).amplification.is_empty());
    }
}
