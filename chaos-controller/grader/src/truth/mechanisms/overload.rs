//! More is asked of a service than all of its workers can do, though each request takes no longer than it did.

use super::super::seen::Seen;
use super::{Found, MechanismKind, mechanism, pool_exhausted};
use crate::case::Case;
use crate::measures::before;
use crate::moments::Span;

/// Arrivals against those of the baseline.
const MORE: f64 = 1.2;
/// Time in the handler against that of the baseline: above it the service is slow, not asked too much.
const SLOWER: f64 = 1.5;

/// What a service was asked and how long it worked on one of them.
struct Asked {
    per_second: f64,
    seconds: f64,
}

pub(super) fn find(case: &Case<'_>, seen: &Seen) -> Vec<Found> {
    case.shop().into_iter().filter_map(|service| overload(case, service, seen.span)).collect()
}

fn overload(case: &Case<'_>, service: &str, span: Span) -> Option<Found> {
    pool_exhausted::full(case, service, span)?;
    let (usual, now) = (asked(case, service, before(case)?)?, asked(case, service, span)?);
    let factor = now.per_second / usual.per_second;
    if factor < MORE || now.seconds > usual.seconds * SLOWER {
        return None;
    }
    let what = format!(
        "{service}: {:.0} requests/s instead of {:.0}/s, {factor:.1} times as many, each {:.0} ms of work as before ({:.0} ms); all its workers are busy",
        now.per_second,
        usual.per_second,
        now.seconds * 1e3,
        usual.seconds * 1e3,
    );
    let evidence = format!(
        "samples.bin: rates of {} of {service} before the fault and {}",
        counter(service),
        case.moments.name(span)
    );
    Some((1.0 - 1.0 / factor, mechanism(MechanismKind::Overload, service, what, evidence)))
}

fn counter(service: &str) -> &'static str {
    if service == "frontend" {
        "http_server_request_duration_seconds"
    } else {
        "rpc_server_call_duration_seconds"
    }
}

/// `None` if nothing was asked, or is recorded.
fn asked(case: &Case<'_>, service: &str, span: Span) -> Option<Asked> {
    let samples = &case.recording.samples;
    let grown = |name: &str| samples.increase(name, &[("service", service)], span.from, span.to);
    let answered = grown(&format!("{}_count", counter(service)))?;
    // What was refused took no time, and would make the others look quick.
    let worked = answered - grown("lab_shed_total").unwrap_or_default();
    let seconds = grown(&format!("{}_sum", counter(service)))?;
    (worked > 0.0 && span.to > span.from)
        .then(|| Asked { per_second: answered / span.seconds(), seconds: seconds / worked })
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;
    use crate::testbed::Bed;

    #[test]
    fn a_pool_that_is_full_of_quick_requests_is_asked_too_much() {
        let mut bed = Bed::never_recovered();
        bed.charges_when_sick = 120;
        let found = found(&bed, find);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].at, "payment");
    }

    #[test]
    fn a_pool_that_is_held_by_a_slow_callee_is_not() {
        assert!(found(&Bed::never_recovered(), find).is_empty());
    }

    #[test]
    fn without_samples_nothing_is_known() {
        let mut bed = Bed::never_recovered();
        bed.charges_when_sick = 120;
        bed.unscraped.push("payment");
        assert!(found(&bed, find).is_empty());
    }
}
