//! All workers of a service are held and requests queue, for longer than a burst.

use super::super::seen::Seen;
use super::{Found, MechanismKind, mechanism};
use crate::cascade::scraped;
use crate::case::Case;
use crate::moments::Span;

/// Scrapes in a row. A burst fills a pool for one of them, and one that is seen thrice has lasted two seconds, which is
/// longer than any honest call of the shop.
const SCRAPES: usize = 3;

pub(super) fn find(case: &Case<'_>, seen: &Seen) -> Vec<Found> {
    case.shop().into_iter().filter_map(|service| pool(case, service, seen.span)).collect()
}

fn pool(case: &Case<'_>, service: &str, span: Span) -> Option<Found> {
    let samples = &case.recording.samples;
    let pool = [("service", service), ("pool", "main")];
    let times = full(case, service, span)?;
    let first = *times.first()?;
    let scrapes = scraped(samples, service, span).len();
    let share = times.len() as f64 / scrapes as f64;
    let workers = samples.value_at("lab_workers_limit", &pool, first)?;
    let queued = samples.max_over("lab_queue_depth", &pool, span.from, span.to)?;
    let what = format!(
        "{service}: all {workers:.0} workers were held and requests queued in {} of {scrapes} samples, up to {queued:.0} of them",
        times.len()
    );
    let labels = format!("{{service=\"{service}\",pool=\"main\"}}");
    let evidence = format!(
        "samples.bin: lab_workers_busy{labels} at lab_workers_limit with lab_queue_depth above 0, first {:+.1} s",
        case.moments.seconds(first)
    );
    Some((share, mechanism(MechanismKind::PoolExhausted, service, what, evidence)))
}

/// The scrapes in which the pool was full and queued, if it was so for [`SCRAPES`] in a row.
pub(super) fn full(case: &Case<'_>, service: &str, span: Span) -> Option<Vec<u64>> {
    let samples = &case.recording.samples;
    let pool = [("service", service), ("pool", "main")];
    let value = |name: &str, at: u64| samples.value_at(name, &pool, at);
    let held = |at: u64| {
        let busy = value("lab_workers_busy", at).zip(value("lab_workers_limit", at));
        let queued = value("lab_queue_depth", at);
        busy.is_some_and(|(busy, limit)| busy >= limit) && queued.is_some_and(|queued| queued > 0.0)
    };
    let seen: Vec<(u64, bool)> =
        scraped(samples, service, span).into_iter().map(|at| (at, held(at))).collect();
    let lasted = seen.windows(SCRAPES).any(|row| row.iter().all(|(_, held)| *held));
    lasted.then(|| seen.into_iter().filter(|(_, held)| *held).map(|(at, _)| at).collect())
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;
    use crate::testbed::Bed;

    #[test]
    fn a_pool_that_stays_full_is_exhausted() {
        let found = found(&Bed::never_recovered(), find);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].at, "payment");
        assert!(found[0].what.contains("all 20 workers"), "{found:?}");
    }

    #[test]
    fn a_burst_is_no_exhaustion() {
        assert!(found(&Bed::well("nothing", None).sick(8_000, 9_500), find).is_empty());
    }

    #[test]
    fn without_samples_nothing_is_known() {
        let mut bed = Bed::never_recovered();
        bed.unscraped.push("payment");
        assert!(found(&bed, find).is_empty());
    }
}
