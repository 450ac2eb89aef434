//! By the queue that the latency stands for: of `limit` calls in flight, `limit * (1 - least / latency)` queue at the
//! callee. TCP Vegas, as Netflix's `VegasLimit` has it.
//!
//! It is exact at the knee (+6 % at 200) and slow: a bad window costs `log10(limit)` places, 2 of 200. It drifts: the
//! least latency is taken anew every `30 * limit` windows, under load, so each time a bit of the queue is learned as
//! normal (212 at first, 239 after 20,000 windows).

use super::window::Sample;

/// Windows per place of the limit until the least latency is taken anew (Netflix's `probeMultiplier`).
const PROBE_MULTIPLIER: f64 = 30.0;

/// The least latency, and when it was taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Vegas {
    least: Option<f64>,
    windows: u32,
    probes: u64,
}

impl Vegas {
    pub(super) fn next(&mut self, limit: f64, sample: &Sample) -> f64 {
        // Whole numbers, at least 1 (Netflix's `Log10RootIntFunction`).
        let step = limit.log10().floor().max(1.0);
        self.windows = self.windows.saturating_add(1);
        // Plain Vegas takes the latency of a timed out call for the least one when the time for a new one has come.
        let Some(latency) = sample.latency.filter(|_| sample.dropped == 0.0) else {
            return limit - step;
        };
        if let Some(normal) = sample.normal() {
            if f64::from(self.windows) >= PROBE_MULTIPLIER * limit * self.jitter() {
                (self.windows, self.probes) = (0, self.probes + 1);
                self.least = Some(normal);
                return limit;
            }
            if self.least.is_none_or(|least| normal < least) {
                self.least = Some(normal);
                return limit;
            }
        }
        let (Some(least), false) = (self.least, sample.is_app_limited(limit)) else {
            return limit;
        };
        let (alpha, beta) = (3.0 * step, 6.0 * step);
        let queue = (limit * (1.0 - least / latency)).ceil();
        if queue <= step {
            limit + beta
        } else if queue < alpha {
            limit + step
        } else if queue > beta {
            limit - step
        } else {
            limit
        }
    }

    /// Half to all of the wait, so that callers that began together do not probe together. Netflix draws it; here it is
    /// a function of the probes so far and of what was measured, which differs between callers.
    fn jitter(&self) -> f64 {
        let seed = self.probes ^ self.least.unwrap_or_default().to_bits();
        0.5 + 0.5 * super::window::spread(seed)
    }
}
