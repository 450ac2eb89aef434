//! The retry budget: original calls earn tokens, a retry spends one.
//!
//! The window-ratio family of Finagle and tower, with two differences. The arithmetic is exact: tokens are
//! counted in billionths, where tower rounds the inverse of the ratio and pays out 1.33 for 0.3. And the
//! reserve drips in at its rate instead of arriving in one burst per window. Deposits are made for every
//! *original* call, whether it succeeds or not: under total failure the load is 1 + ratio, not 1 + nothing.

use std::collections::VecDeque;
use std::time::Duration;

/// How many retries a kind of call may make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Retries earned per original call.
    pub ratio: f64,
    /// Retries per second that need not be earned.
    pub min_per_second: f64,
    /// How long an earned retry can be kept.
    pub window: Duration,
}

/// One token, in billionths.
const TOKEN: u128 = 1_000_000_000;
/// A window expires in this many steps: a token lives for at least 9/10 of the window and never longer than it.
const SLOTS: u32 = 10;

/// The tokens of one kind of call in one process.
#[derive(Debug)]
pub struct RetryBudget {
    earned_per_call: u128,
    reserve_per_second: u128,
    window: Duration,
    /// Earned and not yet spent, by the step of the window in which it was earned; oldest first.
    slots: VecDeque<(u64, u128)>,
    reserve: u128,
    /// None until the first call: the time before it drips nothing.
    refilled_at: Option<Duration>,
}

impl RetryBudget {
    /// `ratio` tokens per original call, `min_per_second` tokens per second for free, kept for `window`.
    ///
    /// It starts with one token at most, so that over any time T a process makes no more than
    /// `ratio * calls + min_per_second * T + 1` retries.
    pub fn new(ratio: f64, min_per_second: f64, window: Duration) -> RetryBudget {
        let mut budget = RetryBudget {
            earned_per_call: 0,
            reserve_per_second: 0,
            window,
            slots: VecDeque::new(),
            reserve: 0,
            refilled_at: None,
        };
        budget.set(ratio, min_per_second, window);
        budget.reserve = TOKEN.min(budget.reserve_cap());
        budget
    }

    /// Takes a changed policy. Unspent tokens are kept, but are worth no more than under the new ratio: what was
    /// earned at 100 % does not pay for a last burst at 20 %.
    pub fn reconfigure(&mut self, ratio: f64, min_per_second: f64, window: Duration, now: Duration) {
        self.advance(now);
        let before = self.earned_per_call;
        self.set(ratio, min_per_second, window);
        let kept: u128 = self.slots.drain(..).map(|(_, tokens)| tokens).sum();
        let kept = if self.earned_per_call < before { kept * self.earned_per_call / before } else { kept };
        let slot = self.slot(now);
        self.slots.push_back((slot, kept));
        self.reserve = self.reserve.min(self.reserve_cap());
    }

    /// An original call is made, now.
    pub fn deposit(&mut self, now: Duration) {
        self.advance(now);
        let slot = self.slot(now);
        match self.slots.back_mut() {
            Some((last, tokens)) if *last >= slot => *tokens += self.earned_per_call,
            _ => self.slots.push_back((slot, self.earned_per_call)),
        }
    }

    /// Takes a token for one retry; false = the retry must not be made.
    pub fn withdraw(&mut self, now: Duration) -> bool {
        self.advance(now);
        if self.balance() < TOKEN {
            return false;
        }
        // The oldest first: it would be the first to expire.
        let mut due = TOKEN;
        for (_, tokens) in &mut self.slots {
            let part = due.min(*tokens);
            *tokens -= part;
            due -= part;
        }
        self.reserve -= due;
        true
    }

    /// Retries that could be made now, with the fraction on the way to the next.
    pub fn tokens(&mut self, now: Duration) -> f64 {
        self.advance(now);
        self.balance() as f64 / TOKEN as f64
    }

    fn set(&mut self, ratio: f64, min_per_second: f64, window: Duration) {
        self.earned_per_call = billionths(ratio);
        self.reserve_per_second = billionths(min_per_second);
        self.window = window.max(Duration::from_millis(1));
    }

    fn balance(&self) -> u128 {
        self.reserve + self.slots.iter().map(|(_, tokens)| tokens).sum::<u128>()
    }

    fn reserve_cap(&self) -> u128 {
        self.reserve_per_second * self.window.as_nanos() / TOKEN
    }

    fn slot(&self, now: Duration) -> u64 {
        (now.as_nanos() / (self.window.as_nanos() / u128::from(SLOTS)).max(1)) as u64
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
        let oldest = self.slot(now).saturating_sub(u64::from(SLOTS) - 1);
        while self.slots.front().is_some_and(|(slot, _)| *slot < oldest) {
            self.slots.pop_front();
        }
    }
}

fn billionths(tokens: f64) -> u128 {
    (tokens.max(0.0) * TOKEN as f64).round() as u128
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    /// Calls at `rate` for `seconds`, all failing, each retried for as long as the budget pays: (calls, attempts).
    fn total_failure(budget: &mut RetryBudget, rate: u64, seconds: u64, max_retries: u32) -> (u64, u64) {
        let (calls, mut attempts) = (rate * seconds, 0);
        for call in 0..calls {
            let now = Duration::from_nanos(call * 1_000_000_000 / rate);
            budget.deposit(now);
            attempts += 1;
            attempts += (0..max_retries).take_while(|_| budget.withdraw(now)).count() as u64;
        }
        (calls, attempts)
    }

    /// I8, the seed case.
    #[test]
    fn twenty_percent_and_ten_a_second_hold_under_total_failure() {
        let (calls, attempts) = total_failure(&mut RetryBudget::new(0.2, 10.0, WINDOW), 450, 60, 3);
        assert_eq!(calls, 27_000);
        assert!(attempts <= 32_400 + 600 + 1, "{attempts}");
        assert!(attempts >= 32_400 + 590, "{attempts}: the budget must pay out what it promises");
    }

    /// I8 without the reserve, for ratios whose inverse is no whole number as well.
    #[test]
    fn a_ratio_pays_out_exactly_its_share_for_every_fraction() {
        for ratio in [0.1, 0.2, 0.3, 0.6, 0.7, 1.0, 1.5] {
            let (calls, attempts) = total_failure(&mut RetryBudget::new(ratio, 0.0, WINDOW), 450, 60, 3);
            let share = attempts as f64 / calls as f64;
            assert!(share <= 1.0 + ratio, "{ratio}: {share}");
            assert!(share > 1.0 + ratio - 0.001, "{ratio}: {share}");
        }
    }

    #[test]
    fn an_earned_token_expires_after_the_window() {
        let mut budget = RetryBudget::new(1.0, 0.0, WINDOW);
        for _ in 0..5 {
            budget.deposit(Duration::from_millis(500));
        }
        assert_eq!(budget.tokens(Duration::from_secs(9)), 5.0);
        assert!(!budget.withdraw(Duration::from_millis(10_500)));
    }

    #[test]
    fn the_reserve_drips_and_never_bursts() {
        let mut budget = RetryBudget::new(0.0, 10.0, WINDOW);
        let mut retries = 0;
        for millis in 500_000..=501_000 {
            retries += u32::from(budget.withdraw(Duration::from_millis(millis)));
        }
        assert!((10..=11).contains(&retries), "{retries}");
        assert_eq!(budget.tokens(Duration::from_secs(1_501)), 100.0, "no more than a window's worth is kept");
    }

    #[test]
    fn a_caller_that_asks_all_the_time_still_gets_its_reserve() {
        let mut budget = RetryBudget::new(0.0, 0.5, WINDOW);
        let granted =
            (0..10_000_000u64).step_by(7).filter(|us| budget.withdraw(Duration::from_micros(*us))).count();
        assert_eq!(granted, 1 + 4, "the one it starts with, and one each 2 s");
    }

    #[test]
    fn a_swap_keeps_tokens_but_not_their_old_worth() {
        let mut budget = RetryBudget::new(1.0, 0.0, WINDOW);
        (0..100).for_each(|_| budget.deposit(Duration::ZERO));
        budget.reconfigure(0.2, 0.0, WINDOW, Duration::from_secs(1));
        assert_eq!(budget.tokens(Duration::from_secs(1)), 20.0);
        budget.reconfigure(1.0, 0.0, WINDOW, Duration::from_secs(1));
        assert_eq!(budget.tokens(Duration::from_secs(1)), 20.0);
    }
}
