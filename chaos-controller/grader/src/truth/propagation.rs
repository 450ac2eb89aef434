//! How an outage climbed: who failed on the way of a checkout, first to fail first. The same marks as the cascade, and
//! besides them whatever a service of that way shows when half of what it answers are failures. Search and account only
//! share the frontend with it: when they fail they are victims, and no part of the way.

use evidence::Samples;

use super::Link;
use crate::cascade::{TIMED_OUT, UNAVAILABLE, blank, half, pool_full, shares};
use crate::case::Case;
use crate::finding::round;
use crate::moments::Span;

/// The way of a checkout, callees before callers: of two that fail in the same second the deeper one was first.
const WAY: [&str; 4] = ["payment", "order", "cart", "frontend"];

pub(super) fn propagation(case: &Case<'_>) -> Vec<Link> {
    let Some(outage) = case.moments.outage() else { return Vec::new() };
    let mut links: Vec<Link> = WAY.iter().filter_map(|service| link(case, service, outage)).collect();
    links.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    links
}

fn link(case: &Case<'_>, service: &str, outage: Span) -> Option<Link> {
    let samples = &case.recording.samples;
    let marks = match service {
        "payment" => {
            vec![("the worker pool is full and requests queue", pool_full(samples, service, outage))]
        }
        "frontend" => vec![("half of the home pages are blank", half(&blank(case, outage)))],
        _ => vec![
            ("half of the checkouts answer 503", failing(samples, service, &UNAVAILABLE, outage)),
            ("half of the checkouts answer 504", failing(samples, service, &TIMED_OUT, outage)),
        ],
    };
    let first = marks.into_iter().filter_map(|(symptom, at)| Some((symptom, at?))).min_by_key(|(_, at)| *at);
    first.map(|(symptom, at)| Link {
        service: service.to_owned(),
        symptom: symptom.to_owned(),
        seconds: round(case.moments.seconds(at)),
    })
}

fn failing(samples: &Samples, service: &str, codes: &[&str], outage: Span) -> Option<u64> {
    half(&shares(samples, service, codes, outage))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    fn found(bed: &Bed) -> Vec<(String, f64)> {
        let recording = bed.recording();
        let links = propagation(&Case::new(&recording, bed.plan()));
        links.into_iter().map(|link| (link.service, link.seconds)).collect()
    }

    #[test]
    fn an_outage_climbs_from_the_callee_to_the_page() {
        let links = found(&Bed::never_recovered());
        let order: Vec<&str> = links.iter().map(|(service, _)| service.as_str()).collect();
        assert_eq!(order, ["payment", "order", "cart", "frontend"], "{links:?}");
    }

    #[test]
    fn nobody_failed_in_a_shop_that_stayed_well() {
        assert!(found(&Bed::well("layered", None)).is_empty());
    }

    #[test]
    fn without_samples_only_what_users_saw_is_known() {
        let mut bed = Bed::never_recovered();
        bed.unscraped.extend(["payment", "order", "cart"]);
        let links = found(&bed);
        assert_eq!(links.len(), 1, "{links:?}");
    }
}
