//! Times of the Prometheus on the controller's clock. They are wall-clock times of another machine, perhaps; how far that
//! clock is from ours is measured, and held for as long as a run lasts, so that no distance between two samples changes.

use std::time::Duration;

use process::monotonic_us;

use super::address::{Address, encoded};
use super::read;

/// The fastest of so many exchanges says it best.
const EXCHANGES: usize = 3;
/// An exchange that takes longer says nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// `time()` is cut to milliseconds.
const RESOLUTION_US: i64 = 1_000;

/// Where the clocks stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PrometheusClock {
    /// Its wall clock, less our monotonic one.
    pub(crate) zero_us: i64,
    /// Its wall clock, less ours; 0 if the difference is within the error.
    pub(crate) offset_us: i64,
    pub(crate) error_us: i64,
}

impl PrometheusClock {
    /// A time of the Prometheus on the controller's clock.
    pub(super) fn at_us(self, unix_ms: i64) -> u64 {
        u64::try_from(unix_ms * 1_000 - self.zero_us).unwrap_or(0)
    }

    /// Which time of the Prometheus is 0 on a clock that began at `start_us`.
    pub(crate) fn zero_unix_ms(self, start_us: u64) -> i64 {
        -(-(self.zero_us + start_us as i64)).div_euclid(1_000)
    }

    /// From one exchange: its time, our wall clock and our monotonic clock in the middle of it, and half of its length.
    fn of(theirs_us: i64, wall_us: i64, ours_us: i64, half_us: i64) -> Self {
        let error_us = half_us + RESOLUTION_US;
        let offset_us = theirs_us + RESOLUTION_US / 2 - wall_us;
        // On one machine both read one clock, and what is measured is the error.
        let offset_us = if offset_us.abs() <= error_us { 0 } else { offset_us };
        Self { zero_us: wall_us + offset_us - ours_us, offset_us, error_us }
    }
}

/// Measures it; `None` if the Prometheus does not answer.
pub(super) async fn measure(address: &Address) -> Option<PrometheusClock> {
    let path = format!("/api/v1/query?query={}", encoded("time()"));
    let mut best: Option<PrometheusClock> = None;
    for _ in 0..EXCHANGES {
        let before_us = monotonic_us() as i64;
        let body = address.ask(&path, PATIENCE).await.ok()?;
        let (after_us, wall_us) = (monotonic_us() as i64, unix_us());
        let theirs_us = (read::number(&body).ok()? * 1e6).round() as i64;
        let half_us = (after_us - before_us) / 2;
        let one = PrometheusClock::of(theirs_us, wall_us - half_us, after_us - half_us, half_us);
        if best.is_none_or(|best| one.error_us < best.error_us) {
            best = Some(one);
        }
    }
    best
}

fn unix_us() -> i64 {
    std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_micros() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_within_the_error_is_no_offset() {
        let near = PrometheusClock::of(1_000_001_000, 1_000_002_000, 5_000, 900);
        assert_eq!((near.offset_us, near.zero_us), (0, 1_000_002_000 - 5_000));
        let far = PrometheusClock::of(1_000_500_000, 1_000_002_000, 5_000, 900);
        assert_eq!(far.offset_us, 498_500);
    }

    #[test]
    fn every_sample_is_as_far_from_the_start_as_it_was_there() {
        for zero_us in [1_700_000_000_000_000, 1_700_000_000_000_001, 1_700_000_000_000_999] {
            let clock = PrometheusClock { zero_us, offset_us: 0, error_us: 0 };
            let start_us = 4_321_987;
            let zero = clock.zero_unix_ms(start_us);
            for later in [0, 1, 17, 60_000] {
                let run_ms = (clock.at_us(zero + later) - start_us) / 1_000;
                assert_eq!(run_ms as i64, later, "{zero_us}");
            }
            assert!(clock.at_us(zero - 1) < start_us);
        }
    }
}
