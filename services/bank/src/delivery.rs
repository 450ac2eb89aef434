//! Requested dose against delivered dose, of one fault.
//!
//! A hit enters when its latency is over, with both values, so that the two
//! distributions are of the same calls: while a bank is at 30 s, what was asked
//! for in the last half minute has not been delivered yet.

use std::time::Duration;

use fault::Measure;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Three significant digits: finer than the 5 % or 2 ms that a dose is judged by.
const DIGITS: u8 = 3;
/// What the drills judge a dose by, unless they say otherwise.
const TOLERANCE_SHARE: f64 = 0.05;
const TOLERANCE_MS: f64 = 2.0;

pub(crate) struct Delivery {
    requested_us: Histogram<u32>,
    delivered_us: Histogram<u32>,
    /// Delivered less requested. Never below zero: an answer is never early.
    error_us: Histogram<u32>,
}

impl Delivery {
    pub(crate) fn new() -> Self {
        let empty = || Histogram::new(DIGITS).expect("three digits are within its bounds");
        Self { requested_us: empty(), delivered_us: empty(), error_us: empty() }
    }

    pub(crate) fn record(&mut self, requested: Duration, delivered: Duration) {
        let error = delivered.saturating_sub(requested);
        for (histogram, value) in [
            (&mut self.requested_us, requested),
            (&mut self.delivered_us, delivered),
            (&mut self.error_us, error),
        ] {
            let micros = u64::try_from(value.as_micros()).unwrap_or(u64::MAX);
            // The histogram grows; only an absurd value could not be taken.
            let _ = histogram.record(micros);
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.requested_us.len()
    }

    /// The medians against each other, within 5 % or 2 ms; `None` where nothing was delivered.
    pub(crate) fn measure(&self, of: &'static str) -> Option<Measure> {
        let p50 = |histogram: &Histogram<u32>| histogram.value_at_quantile(0.50) as f64 / 1e3;
        let (requested, delivered) = (p50(&self.requested_us), p50(&self.delivered_us));
        let tolerance = (requested * TOLERANCE_SHARE).max(TOLERANCE_MS);
        (self.count() > 0).then(|| Measure::new(of, "ms", requested, delivered, tolerance))
    }

    /// `requested_ms`, `delivered_ms` and `error_us`; null where nothing was delivered.
    pub(crate) fn summary(&self) -> Value {
        if self.count() == 0 {
            return json!({"requested_ms": null, "delivered_ms": null, "error_us": null});
        }
        let micros = |histogram: &Histogram<u32>, quantile| histogram.value_at_quantile(quantile);
        let millis = |histogram: &Histogram<u32>| {
            json!({
                "p50": micros(histogram, 0.50) as f64 / 1e3,
                "p99": micros(histogram, 0.99) as f64 / 1e3,
            })
        };
        json!({
            "requested_ms": millis(&self.requested_us),
            "delivered_ms": millis(&self.delivered_us),
            "error_us": {
                "min": self.error_us.min(),
                "p50": micros(&self.error_us, 0.50),
                "p99": micros(&self.error_us, 0.99),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requested_and_delivered_are_of_the_same_calls() {
        let mut delivery = Delivery::new();
        for millis in 1..=100 {
            let requested = Duration::from_millis(millis);
            delivery.record(requested, requested + Duration::from_micros(40 + millis));
        }
        let summary = delivery.summary();
        assert_eq!(delivery.count(), 100);
        assert!((summary["requested_ms"]["p50"].as_f64().unwrap() - 50.0).abs() < 0.1);
        assert!((summary["delivered_ms"]["p99"].as_f64().unwrap() - 99.139).abs() < 0.2);
        assert_eq!(summary["error_us"], json!({"min": 41, "p50": 90, "p99": 139}));
    }

    #[test]
    fn nothing_delivered_is_null_and_not_zero() {
        assert!(Delivery::new().summary()["delivered_ms"].is_null());
    }
}
