//! Retries must not multiply the load: attempts per call on every edge while recovered.

use evidence::Samples;

use crate::case::Case;
use crate::finding::Finding;
use crate::moments::Span;
use crate::query::{growth, vector};

/// Fewer calls than this say nothing: one attempt counted on the other side of the window's border would decide.
pub(crate) const FEWEST_CALLS: f64 = 20.0;

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    match case.judged() {
        Some(span) => judge_span(case, span),
        None => Finding::unknown("no fault was applied, so there is no recovery to judge"),
    }
}

/// Judges one span: recovery is searched with it too.
pub(crate) fn judge_span(case: &Case<'_>, span: Span) -> Finding {
    let limit = case.plan.thresholds.amplification;
    let query = query(&case.recording.samples, span);
    let edges =
        vector(&case.recording.samples, &query, span.to).into_iter().filter_map(|(labels, factor)| {
            Some((format!("{}->{}", labels.get("service")?, labels.get("target")?), factor))
        });
    let worst = edges.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let finding = match worst {
        Some((edge, factor)) if factor >= limit => Finding::fail(format!(
            "{edge} made {factor:.2} attempts per call, less than {limit:.2} is needed"
        ))
        .value(factor),
        Some((edge, factor)) => {
            Finding::pass(format!("no edge made more than {factor:.2} attempts per call ({edge})"))
                .value(factor)
        }
        None => {
            Finding::unknown(format!("no edge of the shop made {FEWEST_CALLS:.0} calls that were recorded"))
        }
    };
    let evidence = format!("samples.bin: the highest of all edges, {}", case.moments.name(span));
    finding.below(limit).unit("times").evidence(evidence).query(query, span.to)
}

/// Attempts per call of each edge; edges with too few calls are left out.
fn query(samples: &Samples, span: Span) -> String {
    let grown = |counter: &str| growth(samples, counter, "service, target", span);
    format!(
        "{} / ({} >= {FEWEST_CALLS})",
        grown("lab_client_attempts_total"),
        grown("lab_client_calls_total")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};

    #[test]
    fn one_attempt_per_call_passes() {
        assert_eq!(graded(&Bed::recovered(), judge).status, Status::Pass);
    }

    #[test]
    fn retries_on_one_edge_fail_and_are_named() {
        let mut bed = Bed::recovered();
        bed.attempts_per_call = 4;
        let finding = graded(&bed, judge);
        assert_eq!((finding.status, finding.value), (Status::Fail, Some(4.0)));
        assert!(finding.reason.contains("order->payment"), "{}", finding.reason);
    }

    #[test]
    fn without_samples_nothing_is_known() {
        let mut bed = Bed::recovered();
        bed.unscraped.push("order");
        assert_eq!(graded(&bed, judge).status, Status::Unknown);
    }
}
