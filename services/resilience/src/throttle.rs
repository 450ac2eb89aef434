//! gRPC's own retry throttle (proposal A6): the other family of budgets, fed by successes.
//!
//! A failure costs one token, a success earns a fraction, and retries stop below half. Under total failure it allows
//! a handful of retries *in all*, where [`crate::budget`] keeps allowing its share. No document field turns it on:
//! it is here to be compared with, and as the shape to copy for a next policy.

/// The bucket of one client.
#[derive(Clone, Copy, Debug)]
pub struct RetryThrottle {
    max_milli: u64,
    ratio_milli: u64,
    tokens_milli: u64,
}

impl RetryThrottle {
    /// `max_tokens` in (0, 1000]; `token_ratio` is what a success earns, to three decimals as in the proposal.
    pub fn new(max_tokens: u32, token_ratio: f64) -> RetryThrottle {
        let max_milli = u64::from(max_tokens.clamp(1, 1_000)) * 1_000;
        RetryThrottle {
            max_milli,
            ratio_milli: (token_ratio.max(0.0) * 1_000.0) as u64,
            tokens_milli: max_milli,
        }
    }

    /// An attempt failed in a way that could be retried. True = a retry may be made.
    pub fn failure(&mut self) -> bool {
        self.tokens_milli = self.tokens_milli.saturating_sub(1_000);
        self.allows()
    }

    /// An attempt succeeded.
    pub fn success(&mut self) {
        self.tokens_milli = (self.tokens_milli + self.ratio_milli).min(self.max_milli);
    }

    /// Whether a retry may be made now.
    pub fn allows(&self) -> bool {
        self.tokens_milli > self.max_milli / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I9.
    #[test]
    fn total_failure_gets_a_handful_of_retries_and_recovery_takes_51_successes() {
        let mut throttle = RetryThrottle::new(10, 0.1);
        let retries = (0..1_000).filter(|_| throttle.failure()).count();
        assert!((1..=5).contains(&retries), "{retries}");
        let successes = (1..1_000).find(|_| {
            throttle.success();
            throttle.allows()
        });
        assert_eq!(successes, Some(51));
    }
}
