//! Latencies of different kinds of call, made comparable: for a limit that several kinds share, as the methods of a
//! server share its workers.
//!
//! A limiter compares the mean latency of a window with what it knows. Of two methods that take 1 ms and 100 ms, the mean
//! follows their *shares*, and a window with many quick ones becomes the least latency there is; the next ordinary
//! window then reads as a queue, and the limit falls to its floor on a healthy service. So a latency is told as what it
//! is to its own kind, times the mean of all: `latency / usual of the kind * usual of all`. With one kind, that is the
//! latency itself; when a kind gets slow for good, its usual and that of all follow, and the number still says so.

use std::time::Duration;

/// A usual latency looks back on about so many calls.
const MEMORY: u32 = 1_000;

/// What is usual, for each kind and for all.
#[derive(Debug, Default)]
pub struct Mix {
    all: Usual,
    kinds: Vec<(Box<str>, Usual)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Usual {
    seconds: f64,
    calls: u32,
}

impl Mix {
    /// The latency of an answered call of this kind, as one of the mix.
    pub fn fair(&mut self, kind: &str, latency: Duration) -> Duration {
        let at = match self.kinds.iter().position(|(name, _)| **name == *kind) {
            Some(at) => at,
            None => {
                self.kinds.push((kind.into(), Usual::default()));
                self.kinds.len() - 1
            }
        };
        self.all.learn(latency);
        self.kinds[at].1.learn(latency);
        let own = self.kinds[at].1.seconds;
        if self.kinds.len() == 1 || own <= 0.0 {
            return latency;
        }
        latency.mul_f64(self.all.seconds / own)
    }
}

impl Usual {
    fn learn(&mut self, latency: Duration) {
        self.calls = (self.calls + 1).min(MEMORY);
        self.seconds += (latency.as_secs_f64() - self.seconds) / f64::from(self.calls);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(1);
    const SLOW: Duration = Duration::from_millis(100);

    #[test]
    fn the_latency_of_a_single_kind_is_what_it_is() {
        let mut mix = Mix::default();
        for latency in [SLOW, QUICK, SLOW * 300] {
            assert_eq!(mix.fair("Charge", latency), latency);
        }
    }

    #[test]
    fn a_window_of_quick_methods_is_no_quick_window() {
        let mut mix = Mix::default();
        for _ in 0..1_000 {
            mix.fair("Charge", SLOW);
            mix.fair("ListMethods", QUICK);
        }
        let quick: f64 = (0..20).map(|_| mix.fair("ListMethods", QUICK).as_secs_f64()).sum();
        let slow: f64 = (0..20).map(|_| mix.fair("Charge", SLOW).as_secs_f64()).sum();
        assert!((quick / slow - 1.0).abs() < 0.05, "{quick} and {slow}");
    }

    #[test]
    fn a_kind_that_gets_slow_is_seen_at_once_and_stays_so() {
        let mut mix = Mix::default();
        let mut both =
            |slow: Duration| (mix.fair("Charge", slow) + mix.fair("ListMethods", QUICK)).as_secs_f64() / 2.0;
        (0..1_000).for_each(|_| assert!(both(SLOW) > 0.0));
        let healthy = both(SLOW);
        let first = both(SLOW * 10);
        (0..5_000).for_each(|_| assert!(both(SLOW * 10) > 0.0));
        let later = both(SLOW * 10);
        assert!(first > 4.0 * healthy && later > 8.0 * healthy, "{healthy}, {first}, {later}");
    }
}
