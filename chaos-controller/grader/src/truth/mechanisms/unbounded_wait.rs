//! A call waits longer than an answer is worth waiting for, and nothing bounds it: neither its own policy nor, where the
//! callee is ours, those of all the calls that it waits for. Of a chain of such calls only the deepest is told: those
//! above it wait for it.

use drill::Journey;
use resilience::policy::topology::EDGES;

use super::super::seen::Seen;
use super::{Found, MechanismKind, mechanism};
use crate::case::Case;
use crate::moments::Span;

/// The slowest one of a hundred calls holds a worker longest, and one of a thousand is luck.
const QUANTILE: f64 = 0.99;

pub(super) fn find(case: &Case<'_>, seen: &Seen) -> Vec<Found> {
    let Some(worth) = worth(case) else { return Vec::new() };
    let slow = |(caller, callee): (&'static str, &'static str)| {
        let methods = unbounded(seen, caller, callee).into_iter();
        let p99s = methods.filter_map(|method| Some((method, p99(case, caller, callee, method, seen.span)?)));
        let (method, p99) = p99s.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, p99)| *p99 > worth)?;
        goes_on(seen, callee).then_some((caller, callee, method, p99))
    };
    let unbounded: Vec<(&str, &str, &str, f64)> = EDGES.into_iter().filter_map(slow).collect();
    let deepest = |edge: &&(&str, &str, &str, f64)| !unbounded.iter().any(|below| below.0 == edge.1);
    unbounded
        .iter()
        .filter(deepest)
        .map(|(caller, callee, method, p99)| {
            let what = format!(
                "{caller} waits for {callee} without a bound: 1 % of its {method} calls took over {p99:.1} s, a checkout has {worth} s"
            );
            let evidence = format!(
                "samples.bin: p99 of lab_client_call_duration_seconds{{service=\"{caller}\",target=\"{callee}\",method=\"{method}\"}}, {}; \
                 no attempt_timeout in the policy in force",
                case.moments.name(seen.span)
            );
            // A wait is no longer unbounded for being twice as long: the strength of all of them.
            (1.0, mechanism(MechanismKind::UnboundedWait, format!("{caller}->{callee}"), what, evidence))
        })
        .collect()
}

/// The methods that the policy leaves without any limit of time.
fn unbounded(seen: &Seen, caller: &str, callee: &str) -> Vec<&'static str> {
    let Some(policy) = seen.policy(caller) else { return Vec::new() };
    let calls = policy.calls().filter(|(target, _, call)| {
        *target == callee && call.attempt_timeout.is_none() && call.total_timeout.is_none()
    });
    calls.map(|(_, method, _)| method).collect()
}

/// Whether a callee's own calls leave it waiting: one of them is unbounded, or it is the end of the way.
fn goes_on(seen: &Seen, callee: &str) -> bool {
    let mut edges = EDGES.into_iter().filter(|(caller, _)| *caller == callee).peekable();
    edges.peek().is_none() || edges.any(|(caller, callee)| !unbounded(seen, caller, callee).is_empty())
}

/// The time in which the slowest of all answers is still a good one.
fn worth(case: &Case<'_>) -> Option<f64> {
    let journeys = case.plan.load.journeys.iter();
    let worth = journeys.filter(|load| load.journey == Journey::Checkout).map(|load| load.slo_latency);
    worth.map(|worth| worth.as_secs_f64()).next()
}

fn p99(case: &Case<'_>, caller: &str, callee: &str, method: &str, span: Span) -> Option<f64> {
    let edge = [("service", caller), ("target", callee), ("method", method)];
    let samples = &case.recording.samples;
    samples.histogram_quantile("lab_client_call_duration_seconds", &edge, QUANTILE, span.from, span.to)
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;
    use crate::testbed::Bed;
    use serde_json::json;

    fn slow(bank_seconds: u64) -> Bed {
        let mut bed = Bed::never_recovered();
        bed.bank_seconds = bank_seconds;
        bed
    }

    #[test]
    fn a_call_that_outlasts_every_user_waits_without_a_bound() {
        let found = found(&slow(3), find);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].at, "payment->bank");
    }

    #[test]
    fn a_call_that_is_quick_or_bounded_does_not() {
        assert!(found(&slow(0), find).is_empty());
        let policy =
            json!({"version": 1, "services": {"payment": {"calls": {"*": {"attempt_timeout": "400ms"}}}}});
        assert!(found(&slow(3).with_plan(json!({"policy": policy})), find).is_empty());
    }

    #[test]
    fn without_samples_nothing_is_known() {
        let mut bed = slow(3);
        bed.unscraped.push("payment");
        assert!(found(&bed, find).is_empty());
    }
}
