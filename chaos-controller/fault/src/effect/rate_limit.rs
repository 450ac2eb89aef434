//! `rate_limit`: the callee takes so many calls a second and refuses the others with 429 and a
//! `Retry-After`. A token bucket, so it is the only effect whose hits depend on when calls come,
//! not on what they are.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::LONGEST_RETRY_AFTER;
use crate::Span;
use crate::check::Problems;
use crate::field::Field;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Calls a second that are taken.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub rate: f64,
    /// Header `Retry-After`, in whole seconds, rounded up.
    #[serde(default = "a_second", skip_serializing_if = "is_a_second")]
    pub retry_after: Span,
}

/// The bucket holds one token, and what comes in this time: a limit that lets a whole second
/// through at once is another limit than the one that was asked for.
const BURST: Duration = Duration::from_millis(100);
const HIGHEST_RATE: f64 = 1_000_000.0;

impl RateLimit {
    /// Calls that are taken at once after a pause.
    #[must_use]
    pub fn burst(&self) -> f64 {
        if self.rate > 0.0 { 1.0 + self.rate * BURST.as_secs_f64() } else { 0.0 }
    }

    pub(crate) const FIELDS: &[Field] =
        &[Field::required::<f64>("rate"), Field::optional::<Span>("retry_after")];

    pub(crate) fn check(&self, problems: &mut Problems) {
        if !(0.0..=HIGHEST_RATE).contains(&self.rate) {
            let message = format!("{} is out of range: allowed are 0 to {HIGHEST_RATE}", self.rate);
            problems.add("effect.rate_limit.rate", message);
        }
        problems.at_most("effect.rate_limit.retry_after", self.retry_after, LONGEST_RETRY_AFTER);
    }
}

/// A token bucket. `now` never goes back; if it does, no token is gained.
#[derive(Clone, Debug)]
pub struct Bucket {
    rate: f64,
    capacity: f64,
    tokens: f64,
    filled: Duration,
}

impl Bucket {
    /// Full, at `now`.
    pub fn new(limit: &RateLimit, now: Duration) -> Self {
        let capacity = limit.burst();
        Self { rate: limit.rate, capacity, tokens: capacity, filled: now }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, now: Duration) -> bool {
        let gained = now.saturating_sub(self.filled).as_secs_f64() * self.rate;
        self.tokens = (self.tokens + gained).min(self.capacity);
        self.filled = self.filled.max(now);
        // A sum of small gains may end just below its number.
        let taken = self.tokens >= 1.0 - 1e-9;
        if taken {
            self.tokens = (self.tokens - 1.0).max(0.0);
        }
        taken
    }
}

fn a_second() -> Span {
    Span::from_secs(1)
}

fn is_a_second(span: &Span) -> bool {
    *span == a_second()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rate: f64, calls_a_second: u64, seconds: u64) -> usize {
        let limit = RateLimit { rate, retry_after: a_second() };
        let mut bucket = Bucket::new(&limit, Duration::ZERO);
        (0..calls_a_second * seconds)
            .filter(|call| bucket.take(Duration::from_secs_f64(*call as f64 / calls_a_second as f64)))
            .count()
    }

    #[test]
    fn so_many_a_second_pass_however_many_come() {
        for (rate, calls) in [(100.0, 1_000), (100.0, 101), (1.0, 50), (250.0, 10_000)] {
            let passed = taken(rate, calls, 20) as f64;
            let burst = 1.0 + rate / 10.0;
            assert!((passed - rate * 20.0).abs() <= burst + 1.0, "{rate}/s of {calls}/s: {passed} in 20 s");
        }
    }

    #[test]
    fn who_stays_below_the_limit_is_never_refused_and_a_limit_of_nothing_takes_nothing() {
        assert_eq!(taken(100.0, 90, 10), 900);
        assert_eq!(taken(0.0, 90, 10), 0);
    }
}
