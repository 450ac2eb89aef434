//! Workers go on for those who have left: the user, or a caller that gave up.

use super::super::seen::Seen;
use super::{Found, MechanismKind, mechanism};
use crate::cascade::UNAVAILABLE;
use crate::case::Case;
use crate::criteria::amplification::FEWEST_CALLS;
use crate::measures::wasted_share;
use crate::moments::Span;

/// Of the worker-seconds, or of what was finished. A quarter: more than any reserve that a pool is planned with.
const LEAST_SHARE: f64 = 0.25;

pub(super) fn find(case: &Case<'_>, seen: &Seen) -> Vec<Found> {
    case.shop().into_iter().filter_map(|service| work(case, service, seen.span)).collect()
}

fn work(case: &Case<'_>, service: &str, span: Span) -> Option<Found> {
    let after_user = wasted_share(case, service, span).map(|share| {
        (
            share,
            "worker-seconds were spent after the user had left",
            "lab_wasted_work_seconds_total by lab_workers_busy_seconds_total",
        )
    });
    let abandoned = abandoned(case, service, span).map(|share| {
        (
            share,
            "finished calls were for a caller that had left",
            "lab_abandoned_total by rpc_server_call_duration_seconds_count",
        )
    });
    let (share, what, counters) =
        after_user.into_iter().chain(abandoned).max_by(|a, b| a.0.total_cmp(&b.0))?;
    let what = format!("{service}: {} of its {what}", crate::finding::percent(share));
    let evidence = format!("samples.bin: growth of {counters} of {service}, {}", case.moments.name(span));
    (share >= LEAST_SHARE).then(|| (share, mechanism(MechanismKind::WastedWork, service, what, evidence)))
}

/// Share of what was run and finished whose caller had left.
fn abandoned(case: &Case<'_>, service: &str, span: Span) -> Option<f64> {
    let samples = &case.recording.samples;
    let name = "rpc_server_call_duration_seconds_count";
    let grown = |name: &str, labels: &[(&str, &str)]| samples.increase(name, labels, span.from, span.to);
    let of = ("service", service);
    let refused: f64 =
        UNAVAILABLE.iter().filter_map(|code| grown(name, &[of, ("rpc_response_status_code", code)])).sum();
    let finished = Some(grown(name, &[of])? - refused).filter(|finished| *finished >= FEWEST_CALLS)?;
    Some((grown("lab_abandoned_total", &[of])? / finished).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;
    use crate::testbed::Bed;

    #[test]
    fn work_for_callers_that_have_left_is_wasted() {
        let found = found(&Bed::stormy(), find);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].what.starts_with("payment: 100 %"), "{found:?}");
    }

    #[test]
    fn a_shop_without_storm_wastes_nothing() {
        let mut bed = Bed::well("nothing", None);
        bed.storm = Some(1);
        assert!(found(&bed, find).is_empty());
    }

    #[test]
    fn without_samples_nothing_is_known() {
        let mut bed = Bed::stormy();
        bed.unscraped.push("payment");
        assert!(found(&bed, find).is_empty());
    }
}
