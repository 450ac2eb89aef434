//! Additive increase, multiplicative decrease: the oldest of the four, and the only one that a median latency says
//! nothing to.
//!
//! After Netflix's `AIMDLimit`. It knows two kinds of window, good and bad, so it climbs until something is dropped or
//! slower than `timeout`: its limit settles near `timeout` over the usual latency times the knee. At the default
//! timeout of 5 s that is a queue of 5 s.

use super::config::Concurrency;
use super::window::Sample;

/// It remembers nothing but the limit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Aimd;

impl Aimd {
    pub(super) fn next(&mut self, rules: &Concurrency, limit: f64, sample: &Sample) -> f64 {
        let late = sample.latency.is_none_or(|latency| latency > rules.timeout.get().as_secs_f64());
        if late || sample.dropped > 0.0 {
            // Whole numbers, or the last steps down to 1 would never end.
            (limit * rules.backoff).floor()
        } else if sample.is_app_limited(limit) {
            limit
        } else {
            limit + 1.0
        }
    }
}
