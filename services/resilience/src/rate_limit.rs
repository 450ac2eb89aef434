//! A rate limit: so many requests a second, and not one more.
//!
//! It refuses and never makes anybody wait, which would be a queue that no metric shows; and it says when to come
//! again. It counts requests, not what they cost: a limit that was right for calls of 100 ms lets in a hundred times
//! too many once they take 10 s, so against a slow callee it does nothing (I30).

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rate::TokenBucket;

/// A limit on the requests that one instance accepts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests per second, in the long run.
    #[schemars(range(max = 1_000_000), extend("exclusiveMinimum" = 0))]
    pub rate: f64,
    /// Requests that may come at once after a quiet time. Default: a tenth of a second's worth, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub burst: Option<u32>,
}

impl RateLimit {
    /// With its default filled in.
    pub fn filled(self) -> RateLimit {
        RateLimit { burst: Some(self.burst()), ..self }
    }

    /// The burst in force.
    pub fn burst(&self) -> u32 {
        self.burst.unwrap_or((self.rate / 10.0).ceil().max(1.0) as u32)
    }
}

/// The state of one limit.
#[derive(Clone, Debug)]
pub struct RateLimiter {
    bucket: TokenBucket,
}

impl RateLimiter {
    /// It starts empty: turning it on is no burst.
    pub fn new(limit: RateLimit, now: Duration) -> RateLimiter {
        RateLimiter { bucket: TokenBucket::new(limit.rate, limit.burst(), now) }
    }

    /// Takes a changed limit. It holds from now on; what was saved up under the old one stays, as far as it fits.
    pub fn reconfigure(&mut self, limit: RateLimit, now: Duration) {
        self.bucket.set_rate(limit.rate, now);
        self.bucket.set_burst(limit.burst(), now);
    }

    /// Whether a request may pass.
    ///
    /// # Errors
    /// When it may not: how long until one may again. Whoever is refused is told the same, so it is the soonest that
    /// one of them can succeed.
    pub fn admit(&mut self, now: Duration) -> Result<(), Duration> {
        if self.bucket.try_take(now) { Ok(()) } else { Err(self.bucket.wait(now)) }
    }

    /// Whether one might, as [`RateLimiter::admit`] would say now. Takes nothing: who meets two limits takes from both or
    /// from neither.
    ///
    /// # Errors
    /// As there.
    pub fn look(&mut self, now: Duration) -> Result<(), Duration> {
        let mut ahead = self.bucket;
        if ahead.try_take(now) { Ok(()) } else { Err(self.bucket.wait(now)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(rate: f64, burst: u32) -> RateLimit {
        RateLimit { rate, burst: Some(burst) }
    }

    /// When requests pass, of one every millisecond in `from..to`, in milliseconds.
    fn passing(limiter: &mut RateLimiter, from: u64, to: u64) -> Vec<u64> {
        (from..to).filter(|ms| limiter.admit(Duration::from_millis(*ms)).is_ok()).collect()
    }

    /// I29.
    #[test]
    fn over_any_time_no_more_pass_than_rate_and_burst_allow() {
        let mut limiter = RateLimiter::new(limit(450.0, 45), Duration::ZERO);
        let mut passed = passing(&mut limiter, 0, 4_000);
        // Quiet for a second, so that the burst is there, then again.
        passed.extend(passing(&mut limiter, 5_000, 8_000));
        for (index, from) in passed.iter().enumerate() {
            for (later, to) in passed.iter().enumerate().skip(index) {
                let allowed = (to - from) as f64 * 0.45 + 45.0;
                assert!((later - index + 1) as f64 <= allowed + 1e-6, "{from} to {to}");
            }
        }
    }

    /// I29.
    #[test]
    fn under_constant_overload_the_rate_is_used() {
        let mut limiter = RateLimiter::new(limit(450.0, 45), Duration::ZERO);
        let passed = passing(&mut limiter, 0, 20_000).len();
        assert!(passed as f64 >= 0.99 * 450.0 * 20.0, "{passed}");
    }

    /// I29: within one token's period, and without a refill of the burst.
    #[test]
    fn a_lower_rate_holds_at_once() {
        let mut limiter = RateLimiter::new(limit(450.0, 45), Duration::ZERO);
        passing(&mut limiter, 0, 10_000);
        limiter.reconfigure(limit(200.0, 20), Duration::from_secs(10));
        let passed = passing(&mut limiter, 10_000, 11_000);
        assert!((198..=201).contains(&passed.len()), "{}", passed.len());
        // The token that was half there when the change came, then one every 5 ms.
        assert!(passed.windows(2).all(|pair| pair[1] - pair[0] >= 4), "{passed:?}");
    }

    #[test]
    fn a_larger_burst_is_not_a_gift_and_a_smaller_one_is_at_once() {
        let mut limiter = RateLimiter::new(limit(1.0, 1), Duration::ZERO);
        limiter.reconfigure(limit(1.0, 100), Duration::from_millis(10));
        assert_eq!(passing(&mut limiter, 10, 100).len(), 0);
        let mut limiter = RateLimiter::new(limit(100.0, 100), Duration::ZERO);
        limiter.reconfigure(limit(1.0, 2), Duration::from_secs(1));
        assert_eq!(passing(&mut limiter, 1_000, 1_100).len(), 2);
    }

    #[test]
    fn who_comes_again_when_told_to_is_let_in() {
        let mut limiter = RateLimiter::new(limit(7.0, 1), Duration::ZERO);
        let mut now = Duration::ZERO;
        for _ in 0..100 {
            now += limiter.admit(now).expect_err("the bucket was emptied");
            assert_eq!(limiter.admit(now), Ok(()));
        }
    }

    /// I30: a pool that does 6.7 a second is not helped by a limit of 450.
    #[test]
    fn a_limit_at_the_load_refuses_nobody_whatever_the_callee_takes() {
        let mut limiter = RateLimiter::new(limit(450.0, 45), Duration::ZERO);
        limiter.admit(Duration::ZERO).unwrap_err();
        let passed = (1..4_500).filter(|n| limiter.admit(Duration::from_micros(n * 2_223)).is_ok()).count();
        assert_eq!(passed, 4_499);
    }

    #[test]
    fn a_burst_that_is_not_said_is_a_tenth_of_a_second() {
        let burst = |rate| RateLimit { rate, burst: None }.burst();
        assert_eq!((burst(450.0), burst(3.0), burst(0.1)), (45, 1, 1));
    }
}
