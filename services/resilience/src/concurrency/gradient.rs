//! By the least latency over the latency: the gradient controller of Envoy's adaptive concurrency filter.
//!
//! `limit * gradient + sqrt(limit)`, the gradient being `least * (1 + buffer) / latency`, 0.5 to 2. It settles at a
//! third above the knee and reaches a new one within a few windows. Where it departs from Envoy:
//!
//! - The least latency is measured at *half the limit*, in one window. Envoy pins the limit to 3 until 50 calls have
//!   ended, which refuses nearly all live traffic once a minute, and for minutes when the callee takes 30 s. Half of
//!   what it settles at is below the knee, so the callee's queue empties all the same. (Envoy since parted the floor
//!   of the probe from the floor of the limit, `min_concurrency_limit`: envoy#46532.)
//! - A window that the application limits is such a measurement by itself, and costs nobody anything.
//! - A latency clearly below the least one is the least one, and is in doubt: it is measured at half the limit until
//!   that makes it no lower. So a limiter that is turned on in the middle of an outage does not take the outage, or the
//!   queue that it left behind, for normal until the next probe.
//! - Drops: see [`super::gradient2`]. The same rule here.

use std::time::Duration;

use super::config::Concurrency;
use super::window::{Sample, spread};
use crate::policy::Setting;

const STEEPEST: f64 = 0.5;
const STEEPEST_UP: f64 = 2.0;
/// Windows at the floor after which the least latency is doubted (Envoy).
const DOUBT: u32 = 5;
/// The wait for the next probe is longer by up to this share, so that callers do not probe together (Envoy's jitter).
const JITTER: f64 = 0.15;
/// The share of the limit at which the least latency is measured.
const PROBE_SHARE: f64 = 0.5;

/// The least latency, and the measurement of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gradient {
    least: Option<f64>,
    measured: Duration,
    /// The limit to go back to, while the least latency is measured.
    resume: Option<f64>,
    /// It may have been measured with a queue in it.
    doubted: bool,
    at_floor: u32,
}

impl Gradient {
    pub(super) fn next(&mut self, rules: &Concurrency, limit: f64, sample: &Sample, now: Duration) -> f64 {
        let resumed = self.resume.take();
        let normal = sample.normal();
        let lower = normal.is_some_and(|normal| self.is_clearly_lower(normal, rules));
        if let (Some(normal), Some(before)) = (normal, resumed) {
            self.learn(normal, now);
            self.doubted = lower;
            return if lower { limit } else { before };
        }
        let limit = resumed.unwrap_or(limit);
        let Some(latency) = sample.latency else {
            return limit * STEEPEST;
        };
        if let Some(normal) = normal {
            if lower {
                self.learn(normal, now);
                self.doubted = true;
            }
            if self.is_due(rules, now) {
                let probe = rules.bounded((limit * PROBE_SHARE).floor());
                if !sample.is_app_limited(limit) && probe < limit {
                    self.resume = Some(limit);
                    return probe;
                }
                self.learn(normal, now);
            }
        }
        if sample.dropped == 0.0 && sample.is_app_limited(limit) {
            return limit;
        }
        let least = self.least.unwrap_or(latency);
        let gradient = (least * (1.0 + rules.buffer) / latency).clamp(STEEPEST, STEEPEST_UP);
        let next = if sample.dropped > 0.0 {
            limit * ((1.0 - sample.dropped) * gradient.min(1.0) + sample.dropped * STEEPEST)
        } else {
            limit * gradient + (limit * gradient).sqrt()
        };
        let at_floor = rules.bounded(next) <= f64::from(rules.min.max(1));
        self.at_floor = if at_floor && normal.is_some() { self.at_floor + 1 } else { 0 };
        next
    }

    fn learn(&mut self, latency: f64, now: Duration) {
        self.least = Some(latency);
        self.measured = now;
        self.doubted = false;
        self.at_floor = 0;
    }

    /// Outside of the noise that the buffer is for.
    fn is_clearly_lower(&self, latency: f64, rules: &Concurrency) -> bool {
        self.least.is_none_or(|least| latency * (1.0 + rules.buffer) < least)
    }

    fn is_due(&self, rules: &Concurrency, now: Duration) -> bool {
        let wait = match rules.probe_every {
            Setting::Off => None,
            Setting::On(every) => {
                let jitter = JITTER * spread(self.measured.as_nanos() as u64);
                Some(every.get().mul_f64(1.0 + jitter))
            }
        };
        self.doubted
            || self.at_floor >= DOUBT
            || wait.is_some_and(|wait| now.saturating_sub(self.measured) >= wait)
    }
}
