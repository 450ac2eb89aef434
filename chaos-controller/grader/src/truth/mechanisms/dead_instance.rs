//! An instance does not answer while its siblings do, and requests go on being sent to it. One that was killed and came
//! back is none: its connections broke at once, and nobody waited.

use evidence::{Entry, kind};
use resilience::policy::topology::callers;

use super::super::seen::Seen;
use super::{Found, MechanismKind, mechanism};
use crate::case::Case;
use crate::moments::Span;

/// An instance is called lost when it was not heard for so long.
const MISSED_MS: u64 = 3_000;
/// Attempts given up, before it is said that anybody waited for it.
const FEWEST: f64 = 3.0;

pub(super) fn find(case: &Case<'_>, seen: &Seen) -> Vec<Found> {
    let lost = case.recording.entries(kind::PROCESS).filter(|entry| entry.text("event") == "lost");
    lost.filter_map(|lost| dead(case, seen, lost)).collect()
}

fn dead(case: &Case<'_>, seen: &Seen, lost: &Entry) -> Option<Found> {
    let (service, instance) = (lost.text("service"), lost.text("instance"));
    case.services().iter().find(|(name, instances)| name == service && *instances > 1)?;
    let silent = silence(case, lost, instance);
    // The part of it that is looked at.
    let span = Span { from: silent.from.max(seen.span.from), to: silent.to.min(seen.span.to) };
    let given_up: f64 = callers(service)
        .filter_map(|caller| {
            let edge = [("service", caller), ("target", service), ("outcome", "timeout")];
            case.recording.samples.increase("lab_client_attempts_total", &edge, span.from, span.to)
        })
        .sum();
    let what = format!(
        "{instance} answered nothing for {:.0} s while its siblings did, and {given_up:.0} attempts at {service} were given up meanwhile",
        span.seconds()
    );
    let evidence = format!(
        "journal: entry {}; samples.bin: lab_client_attempts_total{{target=\"{service}\",outcome=\"timeout\"}}, {}",
        lost.seq,
        case.moments.name(span)
    );
    (span.from < span.to && given_up >= FEWEST)
        .then(|| (1.0, mechanism(MechanismKind::DeadInstance, instance, what, evidence)))
}

/// From its last sign of life, which is before it was missed, to the next.
fn silence(case: &Case<'_>, lost: &Entry, instance: &str) -> Span {
    let back = case.recording.entries(kind::PROCESS).find(|entry| {
        let again = matches!(entry.text("event"), "joined" | "restarted");
        entry.seq > lost.seq && entry.text("instance") == instance && again
    });
    Span { from: lost.t_ms.saturating_sub(MISSED_MS), to: back.map_or(case.moments.end, |entry| entry.t_ms) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;
    use crate::testbed::Bed;
    use serde_json::json;

    fn frozen(instances: u64) -> Bed {
        let lost = json!({"service": "payment", "instance": "payment-1", "event": "lost"});
        let mut bed = Bed::never_recovered().entry(9_000, kind::PROCESS, "controller", lost);
        bed.services["payment"] = json!(instances);
        bed.timeouts_when_sick = 5;
        bed
    }

    #[test]
    fn an_instance_that_is_silent_among_others_is_dead() {
        let found = found(&frozen(3), find);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].at, "payment-1");
    }

    #[test]
    fn one_that_nobody_waited_for_is_not() {
        let mut bed = frozen(3);
        bed.timeouts_when_sick = 0;
        assert!(found(&bed, find).is_empty());
    }

    #[test]
    fn a_service_of_one_instance_has_no_siblings() {
        assert!(found(&frozen(1), find).is_empty());
    }

    #[test]
    fn without_samples_nothing_is_known() {
        let mut bed = frozen(3);
        bed.unscraped.push("order");
        assert!(found(&bed, find).is_empty());
    }
}
