//! A layer makes more attempts than it has calls.

use resilience::policy::topology::EDGES;

use super::super::seen::Seen;
use super::{Found, MechanismKind, mechanism};
use crate::case::Case;
use crate::measures::amplification;
use crate::moments::Span;

/// Attempts per call. A retry for every second call: what an honest rate of failures does not ask for.
const LEAST: f64 = 1.5;

pub(super) fn find(case: &Case<'_>, seen: &Seen) -> Vec<Found> {
    EDGES.into_iter().filter_map(|(caller, callee)| edge(case, caller, callee, seen.span)).collect()
}

fn edge(case: &Case<'_>, caller: &str, callee: &str, span: Span) -> Option<Found> {
    let labels = [("service", caller), ("target", callee)];
    let (attempts, calls) = amplification::counted(&case.recording.samples, &labels, span)?;
    let factor = attempts / calls;
    let what = format!("{caller} -> {callee}: {attempts:.0} attempts for {calls:.0} calls, {factor:.2} each");
    let evidence = format!(
        "samples.bin: growth of lab_client_attempts_total by that of lab_client_calls_total, {}",
        case.moments.name(span)
    );
    let at = format!("{caller}->{callee}");
    // The share of the attempts that are retries.
    let strength = 1.0 - 1.0 / factor;
    (factor > LEAST).then(|| (strength, mechanism(MechanismKind::RetryAmplification, at, what, evidence)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;
    use crate::testbed::Bed;

    fn with_attempts(attempts: u64) -> Bed {
        let mut bed = Bed::never_recovered();
        bed.attempts_per_call = attempts;
        bed
    }

    #[test]
    fn more_attempts_than_calls_are_an_amplification() {
        let found = found(&with_attempts(4), find);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].at, "order->payment");
    }

    #[test]
    fn one_attempt_for_each_call_is_none() {
        assert!(found(&with_attempts(1), find).is_empty());
    }

    #[test]
    fn without_samples_nothing_is_known() {
        let mut bed = with_attempts(4);
        bed.unscraped.push("order");
        assert!(found(&bed, find).is_empty());
    }
}
