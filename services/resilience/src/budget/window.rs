//! The budget that original calls fill: the window-ratio family of Finagle and tower, with two differences.
//!
//! The arithmetic is exact: tokens are counted in billionths, where tower rounds the inverse of the ratio and pays out
//! 1.33 for 0.3. And the reserve drips in at its rate instead of arriving in one burst per window. Deposits are made for
//! every *original* call, whether it succeeds or not: under total failure the load is 1 + ratio, not 1 + nothing.

use std::collections::VecDeque;
use std::time::Duration;

use super::{BudgetPolicy, TOKEN, billionths};

/// A window expires in this many steps: a token lives for at least 9/10 of the window and never longer than it.
const STEPS: u32 = 10;

/// Tokens earned and not yet spent, and a reserve.
#[derive(Debug)]
pub(super) struct Earned {
    per_call: u128,
    reserve_per_second: u128,
    window: Duration,
    /// By the time from which on a tenth of the window's tokens were earned; oldest first.
    steps: VecDeque<(Duration, u128)>,
    reserve: u128,
    /// None until the first call: the time before it drips nothing.
    refilled_at: Option<Duration>,
}

impl Earned {
    /// It starts with one token at most, so that over any time T a process makes no more than
    /// `ratio * calls + min_per_second * T + 1` retries.
    pub(super) fn new(policy: &BudgetPolicy) -> Earned {
        let mut budget = Earned {
            per_call: 0,
            reserve_per_second: 0,
            window: Duration::ZERO,
            steps: VecDeque::new(),
            reserve: 0,
            refilled_at: None,
        };
        budget.set(policy);
        budget.reserve = TOKEN.min(budget.reserve_cap());
        budget
    }

    /// Unspent tokens are kept, but are worth no more than under the new ratio: what was earned at 100 % does not pay for
    /// a last burst at 20 %.
    pub(super) fn reconfigure(&mut self, policy: &BudgetPolicy, now: Duration) {
        self.advance(now);
        let before = self.per_call;
        self.set(policy);
        if self.per_call < before {
            for (_, tokens) in &mut self.steps {
                *tokens = *tokens * self.per_call / before;
            }
        }
        self.reserve = self.reserve.min(self.reserve_cap());
        self.advance(now);
    }

    /// An original call is made, now.
    pub(super) fn deposit(&mut self, now: Duration) {
        self.advance(now);
        let step = self.window / STEPS;
        match self.steps.back_mut() {
            Some((since, tokens)) if now < *since + step => *tokens += self.per_call,
            _ => self.steps.push_back((now, self.per_call)),
        }
    }

    /// Takes a token; false = there is none.
    pub(super) fn withdraw(&mut self, now: Duration) -> bool {
        if self.balance(now) < TOKEN {
            return false;
        }
        // The oldest first: it would be the first to expire.
        let mut due = TOKEN;
        for (_, tokens) in &mut self.steps {
            let part = due.min(*tokens);
            *tokens -= part;
            due -= part;
        }
        self.reserve -= due;
        true
    }

    pub(super) fn balance(&mut self, now: Duration) -> u128 {
        self.advance(now);
        self.reserve + self.steps.iter().map(|(_, tokens)| tokens).sum::<u128>()
    }

    fn set(&mut self, policy: &BudgetPolicy) {
        self.per_call = billionths(policy.ratio);
        self.reserve_per_second = billionths(policy.min_per_second);
        self.window = policy.window.get().max(Duration::from_millis(1));
    }

    fn reserve_cap(&self) -> u128 {
        self.reserve_per_second * self.window.as_nanos() / TOKEN
    }

    fn advance(&mut self, now: Duration) {
        let since = *self.refilled_at.get_or_insert(now);
        let passed = now.saturating_sub(since);
        let drip = self.reserve_per_second * passed.as_nanos() / TOKEN;
        // Time moves on only with a drip, or a caller that asks every microsecond would round its own away.
        if drip > 0 || self.reserve_per_second == 0 {
            self.refilled_at = Some(since + passed);
            self.reserve = (self.reserve + drip).min(self.reserve_cap());
        }
        while self.steps.pop_front_if(|(since, _)| now >= *since + self.window).is_some() {}
    }
}

#[cfg(test)]
mod tests;
