//! The retry budget: what all the retries and hedges of one kind of call may come to together.
//!
//! Two families, because they fail differently. `window`: calls earn tokens and a retry spends one, so total failure costs
//! 1 + ratio. `tokens`: failures cost and successes earn, so total failure soon costs nothing extra, and so does a single
//! bad minute. One budget belongs to one kind of call in one process; what is spent is not held while the retry runs, so
//! slow retries use up no more of it than fast ones (Envoy's share of *concurrent* retries does).

mod policy;
mod tokens;
mod window;

#[cfg(test)]
mod tests;

use std::time::Duration;

use self::tokens::Throttle;
use self::window::Earned;
pub use policy::{BudgetKind, BudgetPolicy};

/// One token, in billionths: sums of fractions stay exact.
const TOKEN: u128 = 1_000_000_000;

/// The tokens of one kind of call in one process.
#[derive(Debug)]
pub struct RetryBudget {
    policy: BudgetPolicy,
    family: Family,
}

#[derive(Debug)]
enum Family {
    Window(Earned),
    Tokens(Throttle),
}

impl RetryBudget {
    pub fn new(policy: &BudgetPolicy) -> RetryBudget {
        let family = match policy.kind {
            BudgetKind::Window => Family::Window(Earned::new(policy)),
            BudgetKind::Tokens => Family::Tokens(Throttle::new(policy)),
        };
        RetryBudget { policy: *policy, family }
    }

    /// Takes a changed policy; what is left is kept, unless the kind changes.
    pub fn reconfigure(&mut self, policy: &BudgetPolicy, now: Duration) {
        if *policy == self.policy {
            return;
        }
        match (&mut self.family, policy.kind) {
            (Family::Window(earned), BudgetKind::Window) => earned.reconfigure(policy, now),
            (Family::Tokens(throttle), BudgetKind::Tokens) => throttle.reconfigure(policy),
            _ => *self = RetryBudget::new(policy),
        }
        self.policy = *policy;
    }

    /// An original call is made, now. Of `window`: it earns its share, however it ends.
    pub fn deposit(&mut self, now: Duration) {
        if let Family::Window(earned) = &mut self.family {
            earned.deposit(now);
        }
    }

    /// An attempt has ended, an original one or another. Of `tokens`: it costs or earns. Only what a retry could have
    /// helped is a failure here, and what was never sent is neither.
    pub fn settle(&mut self, succeeded: bool) {
        match &mut self.family {
            Family::Tokens(throttle) if succeeded => throttle.succeeded(),
            Family::Tokens(throttle) => throttle.failed(),
            Family::Window(_) => {}
        }
    }

    /// Asks for one retry; false = it must not be made. Of `tokens` it is free: the failure before it has paid, with
    /// [`RetryBudget::settle`].
    pub fn pays_for_retry(&mut self, now: Duration) -> bool {
        match &mut self.family {
            Family::Window(earned) => earned.withdraw(now),
            Family::Tokens(throttle) => throttle.allows(),
        }
    }

    /// Asks for one more attempt that no failure has paid for, a hedge; false = it must not be made. It takes a token of
    /// either kind.
    pub fn withdraw(&mut self, now: Duration) -> bool {
        match &mut self.family {
            Family::Window(earned) => earned.withdraw(now),
            Family::Tokens(throttle) if throttle.allows() => {
                throttle.failed();
                true
            }
            Family::Tokens(_) => false,
        }
    }

    /// Tokens there are now, with the fraction on the way to the next. Of `window` each is a retry; of `tokens` only what
    /// is above half of the maximum is.
    pub fn tokens(&mut self, now: Duration) -> f64 {
        let billionths = match &mut self.family {
            Family::Window(earned) => earned.balance(now),
            Family::Tokens(throttle) => throttle.tokens(),
        };
        billionths as f64 / TOKEN as f64
    }
}

fn billionths(tokens: f64) -> u128 {
    (tokens.max(0.0) * TOKEN as f64).round() as u128
}
