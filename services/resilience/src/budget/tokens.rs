//! The budget that successes fill: the retry throttling of gRPC (proposal A6).
//!
//! Attempts that fail empty it, so under total failure the retries end after about `max_tokens / 2`, and come back only
//! when enough calls have succeeded without them. It asks no clock.

use super::{BudgetPolicy, TOKEN, billionths};

/// Tokens between none and `max`.
#[derive(Debug)]
pub(super) struct Throttle {
    max: u128,
    per_success: u128,
    tokens: u128,
}

impl Throttle {
    pub(super) fn new(policy: &BudgetPolicy) -> Throttle {
        let max = u128::from(policy.max_tokens) * TOKEN;
        Throttle { max, per_success: billionths(policy.token_ratio), tokens: max }
    }

    /// The same share of a changed maximum, as gRPC has it: who was throttled stays so.
    pub(super) fn reconfigure(&mut self, policy: &BudgetPolicy) {
        let changed = Throttle::new(policy);
        *self = Throttle { tokens: self.tokens * changed.max / self.max.max(1), ..changed };
    }

    pub(super) fn succeeded(&mut self) {
        self.tokens = (self.tokens + self.per_success).min(self.max);
    }

    pub(super) fn failed(&mut self) {
        self.tokens = self.tokens.saturating_sub(TOKEN);
    }

    /// More than half are there.
    pub(super) fn allows(&self) -> bool {
        self.tokens > self.max / 2
    }

    pub(super) fn tokens(&self) -> u128 {
        self.tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::BudgetKind;

    fn a6() -> Throttle {
        Throttle::new(&BudgetPolicy { kind: BudgetKind::Tokens, ..BudgetPolicy::default() })
    }

    /// Retries of calls that all fail, three each if they may.
    fn storm(throttle: &mut Throttle, calls: u32) -> u32 {
        let mut retries = 0;
        for _ in 0..calls {
            throttle.failed();
            for _ in 0..3 {
                if !throttle.allows() {
                    break;
                }
                retries += 1;
                throttle.failed();
            }
        }
        retries
    }

    /// I9, first half.
    #[test]
    fn total_failure_gets_less_than_half_of_the_tokens_in_retries_and_then_none() {
        let mut throttle = a6();
        assert_eq!(storm(&mut throttle, 27_000), 3, "the failure of a first attempt costs as well");
        assert_eq!(throttle.tokens(), 0);
    }

    /// I9, second half; in floats 51 times 0.1 is 5.099999999999999.
    #[test]
    fn from_nothing_it_takes_51_successes_until_a_retry_is_allowed() {
        let mut throttle = a6();
        storm(&mut throttle, 100);
        (0..50).for_each(|_| throttle.succeeded());
        assert_eq!(throttle.tokens(), 5 * TOKEN);
        assert!(!throttle.allows(), "half is not more than half");
        throttle.succeeded();
        assert!(throttle.allows());
        // The failure that asks for the retry costs its token first.
        (0..9).for_each(|_| throttle.succeeded());
        throttle.failed();
        assert!(!throttle.allows(), "60 successes and a failure are 5 tokens");
        throttle.succeeded();
        assert!(throttle.allows());
    }

    /// Three in ten is not a third: a hundred thousand successes leave no rounding behind.
    #[test]
    fn fractions_of_a_token_add_up_exactly() {
        let policy = BudgetPolicy { max_tokens: 1_000, token_ratio: 0.3, ..BudgetPolicy::default() };
        let mut throttle = Throttle::new(&policy);
        (0..1_000).for_each(|_| throttle.failed());
        (0..1_000).for_each(|_| throttle.succeeded());
        assert_eq!(throttle.tokens(), 300 * TOKEN);
        (0..100_000).for_each(|_| throttle.succeeded());
        assert_eq!(throttle.tokens(), 1_000 * TOKEN, "never more than the maximum");
    }

    #[test]
    fn a_changed_maximum_keeps_the_share() {
        let mut throttle = a6();
        storm(&mut throttle, 1);
        let share = throttle.tokens() / TOKEN;
        throttle.reconfigure(&BudgetPolicy { max_tokens: 100, ..BudgetPolicy::default() });
        assert_eq!(throttle.tokens(), share * 10 * TOKEN);
        (0..1_000).for_each(|_| throttle.failed());
        throttle.reconfigure(&BudgetPolicy::default());
        assert!(!throttle.allows(), "a smaller maximum is no way out");
    }
}
