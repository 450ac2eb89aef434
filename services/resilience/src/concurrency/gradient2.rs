//! By the latency over its own long average: Netflix's `Gradient2Limit`.
//!
//! Two faults of the original are known, and the first is mended here. It ignores drops, so a callee that times out
//! every call teaches it that the timeout is normal, and the limit climbs back to its maximum (Netflix#137). Here a
//! dropped call has no latency to learn from; it counts as the steepest gradient there is, and a window with drops
//! has no room to grow. The second is left in, because it is what the algorithm is: the average follows a growing
//! queue. With a tolerance of 1.5 it passes the knee and drifts to `max`; with 1 it stays within 5 % for 500 windows.

use super::config::Concurrency;
use super::window::Sample;

/// The gradient is never steeper, per window.
const STEEPEST: f64 = 0.5;
/// Windows that the long average looks back on (`longWindow`), and those in which it is a plain mean.
const LONG: f64 = 600.0;
const WARM: u32 = 10;
/// When the long average is this many times the latency, it is in the way of recovery and is let down by `DECAY`.
const STALE: f64 = 2.0;
const DECAY: f64 = 0.95;

/// The long average.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gradient2 {
    long: f64,
    windows: u32,
}

impl Gradient2 {
    pub(super) fn next(&mut self, rules: &Concurrency, limit: f64, sample: &Sample) -> f64 {
        let gradient = match sample.latency {
            None => STEEPEST,
            Some(latency) => {
                let long = self.usual(latency, sample.normal());
                (rules.tolerance * long / latency).clamp(STEEPEST, 1.0)
            }
        };
        if sample.dropped == 0.0 && sample.is_app_limited(limit) {
            return limit;
        }
        let gradient = (1.0 - sample.dropped) * gradient + sample.dropped * STEEPEST;
        let room = if sample.dropped > 0.0 { 0.0 } else { f64::from(rules.queue_size) };
        limit * (1.0 - rules.smoothing) + (limit * gradient + room) * rules.smoothing
    }

    /// The usual latency, with what may be learned of this window in it.
    fn usual(&mut self, latency: f64, normal: Option<f64>) -> f64 {
        let Some(normal) = normal else {
            return if self.windows > 0 { self.long } else { latency };
        };
        if self.windows < WARM {
            self.windows += 1;
            self.long += (normal - self.long) / f64::from(self.windows);
        } else {
            self.long += (normal - self.long) * 2.0 / (LONG + 1.0);
        }
        let usual = self.long;
        if usual / latency > STALE {
            self.long *= DECAY;
        }
        usual
    }
}
