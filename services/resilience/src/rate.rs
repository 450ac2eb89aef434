//! A token bucket: how fast the settler may work, and how fast callers may come.
//!
//! It never holds more than `burst` tokens, so over any time T it grants at most `rate * T + burst`.

use std::time::Duration;

/// A bucket that fills at `rate` per second.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    filled_at: Duration,
}

impl TokenBucket {
    /// `rate` per second, above 0; `burst` at least 1. It starts empty: turning it on is no burst.
    pub fn new(rate: f64, burst: u32, now: Duration) -> TokenBucket {
        TokenBucket { rate, burst: f64::from(burst.max(1)), tokens: 0.0, filled_at: now }
    }

    /// A changed rate, from now on. What is in the bucket stays; nothing is added for the past.
    pub fn set_rate(&mut self, rate: f64, now: Duration) {
        self.fill(now);
        self.rate = rate;
    }

    /// A changed size, from now on. A smaller bucket loses what it cannot hold; a larger one is not filled.
    pub fn set_burst(&mut self, burst: u32, now: Duration) {
        self.fill(now);
        self.burst = f64::from(burst.max(1));
        self.tokens = self.tokens.min(self.burst);
    }

    /// Takes a token if there is one.
    pub fn try_take(&mut self, now: Duration) -> bool {
        self.fill(now);
        // The tolerance is for a caller that slept exactly as long as `wait` said.
        if self.tokens < 1.0 - 1e-6 {
            return false;
        }
        self.tokens = (self.tokens - 1.0).max(0.0);
        true
    }

    /// How long until there is a token; zero when there is one.
    pub fn wait(&mut self, now: Duration) -> Duration {
        self.fill(now);
        let missing = (1.0 - self.tokens).max(0.0);
        if missing < 1e-6 {
            return Duration::ZERO;
        }
        // A rate that is all but zero waits a year, not for ever: a `Duration` has an end.
        Duration::from_secs_f64((missing / self.rate.max(1e-9)).min(31_536_000.0))
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.filled_at);
        self.filled_at += passed;
        self.tokens = (self.tokens + passed.as_secs_f64() * self.rate).min(self.burst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bucket: &mut TokenBucket, from_ms: u64, to_ms: u64) -> u64 {
        (from_ms..to_ms)
            .map(|ms| (0..5).filter(|_| bucket.try_take(Duration::from_millis(ms))).count() as u64)
            .sum()
    }

    /// I29.
    #[test]
    fn an_overloaded_bucket_grants_its_rate_and_a_lower_rate_holds_at_once() {
        let mut bucket = TokenBucket::new(450.0, 10, Duration::ZERO);
        let granted = taken(&mut bucket, 0, 10_000);
        assert!((4_455..=4_510).contains(&granted), "{granted}");
        bucket.set_rate(200.0, Duration::from_secs(10));
        let granted = taken(&mut bucket, 10_000, 11_000);
        assert!((198..=210).contains(&granted), "{granted}");
    }

    #[test]
    fn a_caller_that_waits_as_told_gets_its_token() {
        let mut bucket = TokenBucket::new(600.0, 1, Duration::ZERO);
        let mut now = Duration::ZERO;
        for _ in 0..1_000 {
            now += bucket.wait(now);
            assert!(bucket.try_take(now), "at {now:?}");
        }
        assert!((now.as_secs_f64() - 1_000.0 / 600.0).abs() < 0.01, "{now:?}");
    }
}
