//! Requests wait for a worker longer than anybody waits for them: whoever is served has left.

use std::time::Duration;

use resilience::policy::topology::callers;

use super::super::seen::Seen;
use super::{Found, MechanismKind, mechanism};
use crate::case::Case;

/// Of the wait. The half of all requests: then the queue is late, and not an unlucky few in it.
const QUANTILE: f64 = 0.5;

pub(super) fn find(case: &Case<'_>, seen: &Seen) -> Vec<Found> {
    case.shop().into_iter().filter_map(|service| queue(case, seen, service)).collect()
}

fn queue(case: &Case<'_>, seen: &Seen, service: &str) -> Option<Found> {
    let span = seen.span;
    let pool = [("service", service), ("pool", "main")];
    let wait = case.recording.samples.histogram_quantile(
        "lab_queue_wait_seconds",
        &pool,
        QUANTILE,
        span.from,
        span.to,
    )?;
    let (patience, whose) = patience(case, seen, service);
    let patience = patience.as_secs_f64();
    let what = format!(
        "{service}: half of its requests waited over {wait:.1} s for a worker, {whose} waits {patience} s"
    );
    let evidence = format!(
        "samples.bin: p50 of lab_queue_wait_seconds{{service=\"{service}\",pool=\"main\"}}, {}",
        case.moments.name(span)
    );
    let strength = 1.0 - patience / wait.max(patience);
    (wait > patience).then(|| (strength, mechanism(MechanismKind::LateQueue, service, what, evidence)))
}

/// The shortest time that anybody waits for this service, and who: a caller with a timeout, or the user.
fn patience(case: &Case<'_>, seen: &Seen, service: &str) -> (Duration, String) {
    let user = (case.plan.load.patience, "a user".to_owned());
    let timeouts = callers(service).filter_map(|caller| {
        let policy = seen.policy(caller)?;
        let calls = policy.calls().filter(|(target, _, _)| *target == service);
        let shortest = calls.filter_map(|(_, _, call)| call.attempt_timeout).min()?;
        Some((shortest, caller.to_owned()))
    });
    timeouts.chain([user]).min_by_key(|(time, _)| *time).expect("the user is one of them")
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;
    use crate::testbed::Bed;
    use serde_json::json;

    /// Waits of up to half a second, and an order that gives up after 250 ms.
    fn waiting(ms: u64) -> Bed {
        let mut bed = Bed::never_recovered();
        bed.wait_ms.insert("payment", ms);
        let policy = json!({"version": 1, "services": {"order": {"calls": {"payment.Charge": {"attempt_timeout": "250ms"}}}}});
        bed.with_plan(json!({"policy": policy}))
    }

    #[test]
    fn a_queue_that_outlasts_its_caller_is_late() {
        let found = found(&waiting(400), find);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].what.contains("order waits 0.25 s"), "{found:?}");
    }

    #[test]
    fn a_queue_that_its_caller_outlasts_is_not() {
        assert!(found(&waiting(80), find).is_empty());
    }

    #[test]
    fn without_samples_nothing_is_known() {
        let mut bed = waiting(400);
        bed.unscraped.push("payment");
        assert!(found(&bed, find).is_empty());
    }
}
