//! Worker-seconds spent after the user's deadline, which is carried for measuring whatever the policy; and how much of all
//! the work that is.

use super::Measures;
use crate::case::Case;
use crate::finding::round;
use crate::moments::Span;
use crate::query::growth;

const WASTED: &str = "lab_wasted_work_seconds_total";
const BUSY: &str = "lab_workers_busy_seconds_total";
/// Of less work than this a share says nothing.
const FEWEST_SECONDS: f64 = 1.0;

pub(super) fn measure(case: &Case<'_>, outage: Span, measures: &mut Measures) {
    let samples = &case.recording.samples;
    let to_the_end = Span { from: outage.from, to: case.moments.end };
    for service in case.shop() {
        let matchers = [("service", service)];
        let of = |counter: &str| format!("{counter}{{service=\"{service}\"}}");
        if let Some(wasted) = samples.increase(WASTED, &matchers, to_the_end.from, to_the_end.to).map(round) {
            let evidence =
                format!("samples.bin: growth of {}, {}", of(WASTED), case.moments.name(to_the_end));
            let asked = (evidence, growth(samples, &of(WASTED), "service", to_the_end), to_the_end.to);
            let name = format!("measures.wasted_work_seconds.{service}");
            measures.ask(case, name, Some(wasted), "worker-seconds", asked);
            measures.wasted_work_seconds.insert(service.to_owned(), wasted);
        }
        if let Some(share) = share(case, service, outage).map(round) {
            let evidence = format!(
                "samples.bin: growth of {} by that of {BUSY}, {}",
                of(WASTED),
                case.moments.name(outage)
            );
            let asked =
                [WASTED, BUSY].map(|counter| growth(samples, &of(counter), "service", outage)).join(" / ");
            let name = format!("measures.wasted_work_share.{service}");
            measures.ask(case, name, Some(share), "share", (evidence, asked, outage.to));
            measures.wasted_work_share.insert(service.to_owned(), share);
        }
    }
}

/// Share of a service's busy worker-seconds.
pub(crate) fn share(case: &Case<'_>, service: &str, span: Span) -> Option<f64> {
    let samples = &case.recording.samples;
    let grown = |name: &str| samples.increase(name, &[("service", service)], span.from, span.to);
    let busy = grown(BUSY).filter(|busy| *busy >= FEWEST_SECONDS)?;
    Some((grown(WASTED)? / busy).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use crate::testbed::Bed;

    fn wasting(seconds: u64) -> Bed {
        let mut bed = Bed::stormy();
        bed.wasted_when_sick = Some(seconds);
        bed
    }

    #[test]
    fn work_after_the_user_left_is_a_share_of_all_work() {
        let measures = measured(&wasting(10));
        // Eleven sick seconds and nine well ones, of 20 and 6 workers.
        assert!((measures.wasted_work_share["payment"] - 110.0 / 274.0).abs() < 0.01, "{measures:?}");
        assert!(measures.wasted_work_seconds["payment"] > 110.0);
    }

    #[test]
    fn a_service_that_wastes_nothing_wastes_zero() {
        assert_eq!(measured(&wasting(0)).wasted_work_share["payment"], 0.0);
    }

    #[test]
    fn without_samples_it_is_unknown() {
        let measures = measured(&Bed::never_recovered());
        assert!(measures.wasted_work_share.is_empty() && measures.wasted_work_seconds.is_empty());
    }
}
