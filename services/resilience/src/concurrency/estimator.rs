//! The four algorithms behind one door: a window of samples in, the next limit out.

use std::time::Duration;

use super::aimd::Aimd;
use super::config::{Algorithm, Concurrency};
use super::gradient::Gradient;
use super::gradient2::Gradient2;
use super::vegas::Vegas;
use super::window::Sample;

/// What an algorithm has learned.
#[derive(Clone, Copy, Debug)]
pub(super) enum Estimator {
    Aimd(Aimd),
    Vegas(Vegas),
    Gradient2(Gradient2),
    Gradient(Gradient),
}

impl Estimator {
    pub(super) fn new(algorithm: Algorithm) -> Estimator {
        match algorithm {
            Algorithm::Aimd => Estimator::Aimd(Aimd),
            Algorithm::Vegas => Estimator::Vegas(Vegas::default()),
            Algorithm::Gradient2 => Estimator::Gradient2(Gradient2::default()),
            Algorithm::Gradient => Estimator::Gradient(Gradient::default()),
        }
    }

    /// The limit after a window that ended at `now`, within the bounds of `rules`.
    pub(super) fn next(&mut self, rules: &Concurrency, limit: f64, sample: &Sample, now: Duration) -> f64 {
        rules.bounded(match self {
            Estimator::Aimd(aimd) => aimd.next(rules, limit, sample),
            Estimator::Vegas(vegas) => vegas.next(limit, sample),
            Estimator::Gradient2(gradient) => gradient.next(rules, limit, sample),
            Estimator::Gradient(gradient) => gradient.next(rules, limit, sample, now),
        })
    }
}
