//! The cascade: in which order the services broke. A symptom counts from the first of two consecutive samples that
//! show it, so that one unlucky second is no outage.
//!
//! ```text
//!  payment: pool full and queued -> order: 503 -> cart: 504 -> frontend: blank page
//! ```

use drill::Journey;
use evidence::{Outcome, Samples};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::finding::round;
use crate::moments::Span;

/// When a service began to fail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Broken {
    pub service: String,
    pub symptom: String,
    /// After the fault's start.
    pub seconds: f64,
}

/// Methods of cart and order that take part in buying.
pub(crate) const BUYING: [&str; 2] = ["Checkout", "PrepareCheckout"];
/// What a caller reads as 503.
pub(crate) const UNAVAILABLE: [&str; 2] = ["UNAVAILABLE", "RESOURCE_EXHAUSTED"];
/// What a caller reads as 504.
pub(crate) const TIMED_OUT: [&str; 2] = ["DEADLINE_EXCEEDED", "CANCELLED"];

const REPLIES: &str = "rpc_server_call_duration_seconds_count";

/// Every service that broke while the fault was on, first to break first.
pub(crate) fn cascade(case: &Case<'_>) -> Vec<Broken> {
    let Some(outage) = case.moments.outage() else { return Vec::new() };
    let samples = &case.recording.samples;
    let marks = [
        ("payment", "the worker pool is full and requests queue", pool_full(samples, "payment", outage)),
        ("order", "half of the checkouts answer 503", half(&shares(samples, "order", &UNAVAILABLE, outage))),
        ("cart", "half of the checkouts answer 504", half(&shares(samples, "cart", &TIMED_OUT, outage))),
        ("frontend", "half of the home pages are blank", half(&blank(case, outage))),
    ];
    let mut broken: Vec<Broken> = marks
        .into_iter()
        .filter_map(|(service, symptom, at)| {
            let seconds = round(case.moments.seconds(at?));
            Some(Broken { service: service.to_owned(), symptom: symptom.to_owned(), seconds })
        })
        .collect();
    broken.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    broken
}

/// When the pool of a service was first full and queued, twice in a row.
pub(crate) fn pool_full(samples: &Samples, service: &str, span: Span) -> Option<u64> {
    let matchers = [("service", service), ("pool", "main")];
    let full = |at: u64| {
        let value = |name| samples.value_at(name, &matchers, at);
        Some(value("lab_workers_busy")? >= value("lab_workers_limit")? && value("lab_queue_depth")? > 0.0)
    };
    let times = scraped(samples, service, span);
    times
        .windows(2)
        .find(|pair| full(pair[0]) == Some(true) && full(pair[1]) == Some(true))
        .map(|pair| pair[0])
}

/// `(time, bad, all)` of a service's buying replies, per scrape.
pub(crate) fn shares(samples: &Samples, service: &str, bad: &[&str], span: Span) -> Vec<(u64, f64, f64)> {
    let times = scraped(samples, service, span);
    let mut rows: Vec<(u64, f64, f64)> = times.iter().skip(1).map(|t| (*t, 0.0, 0.0)).collect();
    for method in BUYING {
        let of_method = [("service", service), ("rpc_method", method)];
        for (row, all) in rows.iter_mut().zip(samples.increments(REPLIES, &of_method, &times)) {
            row.2 += all;
        }
        for code in bad {
            let of_code = [("service", service), ("rpc_method", method), ("rpc_response_status_code", code)];
            for (row, count) in rows.iter_mut().zip(samples.increments(REPLIES, &of_code, &times)) {
                row.1 += count;
            }
        }
    }
    rows
}

/// `(time, failing, all)` of home pages per second, by the moment the user got an answer or left.
pub(crate) fn blank(case: &Case<'_>, span: Span) -> Vec<(u64, f64, f64)> {
    let mut rows: Vec<(u64, f64, f64)> =
        (span.from..span.to).step_by(1_000).map(|from| (from + 1_000, 0.0, 0.0)).collect();
    for row in case.log.rows().iter().filter(|row| row.request.journey == Journey::Home.index()) {
        let ended = (row.request.intended_us + row.request.latency_us) / 1_000;
        let Some(second) = ended.checked_sub(span.from).map(|since| since / 1_000) else { continue };
        if let Some(bucket) = rows.get_mut(second as usize) {
            bucket.1 += f64::from(u8::from(row.request.outcome != Outcome::Ok));
            bucket.2 += 1.0;
        }
    }
    rows
}

/// The first of two consecutive samples with traffic in which at least half failed.
pub(crate) fn half(rows: &[(u64, f64, f64)]) -> Option<u64> {
    let known: Vec<(u64, bool)> =
        rows.iter().filter(|(_, _, all)| *all > 0.0).map(|(t, bad, all)| (*t, bad / all >= 0.5)).collect();
    known.windows(2).find(|pair| pair[0].1 && pair[1].1).map(|pair| pair[0].0)
}

/// When a service was seen in the span. Instances are scraped together, within some milliseconds, so scrapes closer
/// than half a second are one sample: the last of them, when all instances are known.
pub(crate) fn scraped(samples: &Samples, service: &str, span: Span) -> Vec<u64> {
    let mut times: Vec<u64> = Vec::new();
    for scrape in samples.scrapes(service) {
        if !scrape.alive || scrape.t_ms < span.from || scrape.t_ms > span.to {
            continue;
        }
        match times.last_mut() {
            Some(last) if scrape.t_ms - *last < 500 => *last = scrape.t_ms,
            _ => times.push(scrape.t_ms),
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    #[test]
    fn the_services_are_named_in_the_order_in_which_they_broke() {
        let bed = Bed::never_recovered();
        let recording = bed.recording();
        let broken = cascade(&Case::new(&recording, bed.plan()));
        let order: Vec<&str> = broken.iter().map(|one| one.service.as_str()).collect();
        assert_eq!(order, ["payment", "order", "cart", "frontend"], "{broken:?}");
        assert!(broken[0].seconds >= 1.0 && broken[0].seconds <= 3.0, "{broken:?}");
    }

    #[test]
    fn one_bad_sample_is_no_symptom() {
        let rows = |bad: &[f64]| -> Vec<(u64, f64, f64)> {
            bad.iter().enumerate().map(|(n, bad)| (n as u64 * 1_000, *bad, 10.0)).collect()
        };
        assert_eq!(half(&rows(&[0.0, 9.0, 0.0, 9.0])), None);
        assert_eq!(half(&rows(&[0.0, 9.0, 5.0, 0.0])), Some(1_000));
    }
}
