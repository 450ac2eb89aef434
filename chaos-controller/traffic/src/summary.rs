//! What a load looked like, in numbers small enough to say aloud: the
//! generator's own health over an interval, and each journey's latencies.
//!
//! Nothing is graded from here: the grader reads the request log.

use hdrhistogram::Histogram;
use proto::control::Outcome;

use crate::journey::Journey;

/// Latencies beyond this are counted as this: 10 minutes, in microseconds.
const LONGEST_US: u64 = 600_000_000;
/// Two digits are enough to say aloud, and cost a tenth of the memory of three.
const DIGITS: u8 = 2;

/// Health of the generator since the last [`Interval::close`].
#[derive(Debug)]
pub struct Interval {
    offered: u64,
    sent: u64,
    lateness: Histogram<u32>,
}

/// Health of the generator over one interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Health {
    /// Requests whose intended time fell in the interval, per second.
    pub offered_rate: f64,
    /// Requests that were sent in it, per second.
    pub achieved_rate: f64,
    /// 99th percentile of how late they were sent, in seconds; 0 if none was.
    pub lateness_p99: f64,
}

/// Latencies and outcomes since the load began.
#[derive(Debug)]
pub struct Summary {
    journeys: [Latencies; 5],
}

/// Latencies and outcomes of one journey.
#[derive(Debug)]
pub struct Latencies {
    microseconds: Histogram<u32>,
    correct: u64,
}

impl Default for Interval {
    fn default() -> Self {
        Self { offered: 0, sent: 0, lateness: histogram() }
    }
}

impl Interval {
    /// A request was sent, so late.
    pub fn sent(&mut self, lateness_us: u64) {
        self.sent += 1;
        self.lateness.saturating_record(lateness_us.min(LONGEST_US));
    }

    /// Ends the interval and begins the next one. `offered` counts from the
    /// load's beginning, and so restarts with a new load.
    pub fn close(&mut self, offered: u64, seconds: f64) -> Health {
        let fresh = offered.checked_sub(self.offered).unwrap_or(offered);
        let health = Health {
            offered_rate: fresh as f64 / seconds,
            achieved_rate: self.sent as f64 / seconds,
            lateness_p99: if self.sent == 0 {
                0.0
            } else {
                self.lateness.value_at_quantile(0.99) as f64 / 1e6
            },
        };
        self.offered = offered;
        self.sent = 0;
        self.lateness.reset();
        health
    }
}

impl Default for Summary {
    fn default() -> Self {
        Self { journeys: std::array::from_fn(|_| Latencies { microseconds: histogram(), correct: 0 }) }
    }
}

impl Summary {
    /// A request ended.
    pub fn ended(&mut self, journey: Journey, outcome: Outcome, latency_us: u64) {
        let latencies = &mut self.journeys[journey.index()];
        latencies.microseconds.saturating_record(latency_us.min(LONGEST_US));
        latencies.correct += u64::from(outcome == Outcome::Ok);
    }

    /// One journey's share of it.
    #[must_use]
    pub fn of(&self, journey: Journey) -> &Latencies {
        &self.journeys[journey.index()]
    }
}

impl Latencies {
    /// Requests that ended.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.microseconds.len()
    }

    /// Of these, answered correctly, however slowly.
    #[must_use]
    pub fn correct(&self) -> u64 {
        self.correct
    }

    /// Latency from the intended time, in milliseconds, at a quantile of 0 to 1.
    #[must_use]
    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        self.microseconds.value_at_quantile(quantile) as f64 / 1e3
    }
}

fn histogram() -> Histogram<u32> {
    Histogram::new_with_bounds(1, LONGEST_US, DIGITS).expect("the bounds are constants that fit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_counts_only_what_is_its_own() {
        let mut interval = Interval::default();
        (0..100).for_each(|_| interval.sent(10));
        assert_eq!(interval.close(100, 1.0).achieved_rate, 100.0);
        (0..30).for_each(|_| interval.sent(10));
        let health = interval.close(150, 0.5);
        assert_eq!(health.offered_rate, 100.0);
        assert_eq!(health.achieved_rate, 60.0);
    }

    #[test]
    fn an_interval_survives_a_new_load() {
        let mut interval = Interval::default();
        interval.close(1_000, 1.0);
        assert_eq!(interval.close(20, 1.0).offered_rate, 20.0);
    }

    #[test]
    fn lateness_shows_at_its_99th_percentile() {
        let mut interval = Interval::default();
        (0..980).for_each(|_| interval.sent(20));
        (0..20).for_each(|_| interval.sent(50_000));
        let late = interval.close(1_000, 1.0).lateness_p99;
        assert!((0.0495..0.0505).contains(&late), "{late}");
        assert_eq!(interval.close(1_000, 1.0).lateness_p99, 0.0);
    }

    #[test]
    fn journeys_are_kept_apart() {
        let mut summary = Summary::default();
        summary.ended(Journey::Home, Outcome::Ok, 5_000);
        summary.ended(Journey::Checkout, Outcome::GaveUp, 10_000_000);
        assert_eq!((summary.of(Journey::Home).ended(), summary.of(Journey::Home).correct()), (1, 1));
        assert_eq!((summary.of(Journey::Checkout).ended(), summary.of(Journey::Checkout).correct()), (1, 0));
        assert!((9_900.0..10_100.0).contains(&summary.of(Journey::Checkout).quantile_ms(0.5)));
    }
}
