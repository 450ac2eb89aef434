//! No hidden queue: while recovered, a request waits at most this long (p99) for a worker, in every service.

use std::collections::BTreeMap;

use crate::case::Case;
use crate::finding::Finding;
use crate::moments::Span;
use crate::query::{growth, vector};

const BUCKETS: &str = "lab_queue_wait_seconds_bucket";

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    match case.judged() {
        Some(span) => judge_span(case, span),
        None => Finding::unknown("no fault was applied, so there is no recovery to judge"),
    }
}

/// Judges one span: recovery is searched with it too.
pub(crate) fn judge_span(case: &Case<'_>, span: Span) -> Finding {
    let limit = case.plan.thresholds.queue_wait_p99.as_secs_f64();
    let samples = &case.recording.samples;
    let query = format!("histogram_quantile(0.99, {})", growth(samples, BUCKETS, "service, le", span));
    // A service without requests in the span has no quantile: NaN.
    let waits: BTreeMap<String, f64> = vector(samples, &query, span.to)
        .into_iter()
        .filter(|(_, wait)| !wait.is_nan())
        .filter_map(|(mut labels, wait)| Some((labels.remove("service")?, wait)))
        .collect();
    let mut worst: Option<(&str, f64)> = None;
    let mut silent = Vec::new();
    for service in case.shop() {
        match waits.get(service).copied() {
            Some(wait) if worst.is_none_or(|(_, most)| wait > most) => worst = Some((service, wait)),
            Some(_) => {}
            None => silent.push(service),
        }
    }
    let finding = match worst {
        Some((service, wait)) if wait >= limit => Finding::fail(format!(
            "requests of {service} waited {:.0} ms (p99) for a worker, less than {:.0} ms is needed",
            wait * 1e3,
            limit * 1e3
        ))
        .value(wait),
        Some((service, wait)) if silent.is_empty() => {
            Finding::pass(format!("p99 of the wait for a worker is at most {:.1} ms ({service})", wait * 1e3))
                .value(wait)
        }
        _ => Finding::unknown(format!("no samples of the queue wait of {}", silent.join(", "))),
    };
    let evidence = format!("samples.bin: the highest of all services, {}", case.moments.name(span));
    finding.below(limit).unit("s").evidence(evidence).query(query, span.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};

    #[test]
    fn short_waits_pass() {
        let finding = graded(&Bed::recovered(), judge);
        assert_eq!(finding.status, Status::Pass, "{}", finding.reason);
    }

    #[test]
    fn a_long_wait_in_one_service_fails_and_is_named() {
        let mut bed = Bed::recovered();
        bed.wait_ms.insert("payment", 400);
        let finding = graded(&bed, judge);
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.contains("payment"), "{}", finding.reason);
    }

    #[test]
    fn the_query_answers_what_is_counted() {
        let mut bed = Bed::recovered();
        bed.wait_ms.insert("payment", 400);
        let finding = graded(&bed, judge);
        let recording = bed.recording();
        let span = Case::new(&recording, bed.plan()).judged().unwrap();
        let name = "lab_queue_wait_seconds";
        let counted =
            recording.samples.histogram_quantile(name, &[("service", "payment")], 0.99, span.from, span.to);
        assert_eq!(finding.value, counted.map(crate::finding::round));
        assert_eq!(finding.at_ms, Some(span.to));
        assert!(finding.query.unwrap().contains(name));
    }

    #[test]
    fn a_service_without_samples_is_unknown() {
        let mut bed = Bed::recovered();
        bed.unscraped.push("cart");
        let finding = graded(&bed, judge);
        assert_eq!(finding.status, Status::Unknown);
        assert!(finding.reason.contains("cart"), "{}", finding.reason);
    }
}
