//! A second attempt at a read that takes longer than most, to another instance; the first answer wins.
//!
//! After "The Tail at Scale" (Dean, Barroso 2013) and Finagle's backup requests: the wait is a learned percentile, so
//! the cost is known, and what is left of the load is bounded twice, by a share of the calls here and by the retry
//! budget. Both are needed when *everything* is slow: then the percentile is old news, and every call would be made
//! twice.
//!
//! What is learned from is the time of first attempts, one for each call. One that lost to its hedge counts as the
//! time that it had taken by then: to leave it out would cut off the slow tail, and the percentile would fall at each
//! hedge until the cap stops it. Failures and calls whose caller left are not learned from.
//!
//! Left out: timers and the race, which are `mesh`'s.

use std::collections::VecDeque;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::budget::RetryBudget;
use crate::policy::{Setting, Span};

mod percentile;

pub use percentile::Latencies;

/// When a second attempt is made, and how many of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hedge {
    /// Waits this long for the first attempt. Default `off`: as long as `percentile` of the calls take.
    pub after: Setting<Span>,
    /// The share of calls that is answered before a second attempt is made. Default 0.95: about one in twenty is made
    /// twice (Tail at Scale).
    #[schemars(range(max = 0.9999), extend("exclusiveMinimum" = 0))]
    pub percentile: f64,
    /// The percentile is not believed on fewer calls; until then there is no hedge. Default 100.
    #[schemars(range(min = 1, max = 100_000))]
    pub minimum_calls: u32,
    /// Most second attempts, as a share of the calls of the last 10 s. A retry budget that is on bounds them as well.
    /// Default 0.05.
    #[schemars(range(min = 0, max = 1))]
    pub max_extra_share: f64,
}

impl Default for Hedge {
    fn default() -> Hedge {
        Hedge { after: Setting::Off, percentile: 0.95, minimum_calls: 100, max_extra_share: 0.05 }
    }
}

/// Over so long the share of second attempts is kept, in steps of a tenth.
const WINDOW: Duration = Duration::from_secs(10);
const STEPS: u32 = 10;

/// Why a hedge that was due is not made; a bounded label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It would not be answered before the deadline.
    Deadline,
    /// The share of extra attempts is used up.
    Share,
    /// There is no token in the retry budget.
    Budget,
}

impl Why {
    pub const ALL: [Why; 3] = [Why::Deadline, Why::Share, Why::Budget];

    pub fn name(self) -> &'static str {
        match self {
            Why::Deadline => "refused_deadline",
            Why::Share => "refused_share",
            Why::Budget => "refused_budget",
        }
    }
}

/// What is known of one kind of call.
#[derive(Debug)]
pub struct Hedging {
    rules: Hedge,
    latencies: Latencies,
    /// Calls and second attempts of the last steps, oldest first, with the number of the step.
    recent: VecDeque<(u64, u32, u32)>,
    calls: u64,
    hedges: u64,
}

impl Hedging {
    pub fn new(rules: &Hedge) -> Hedging {
        Hedging {
            rules: rules.clone(),
            latencies: Latencies::default(),
            recent: VecDeque::new(),
            calls: 0,
            hedges: 0,
        }
    }

    /// A changed policy; what was learned stays.
    pub fn configure(&mut self, rules: &Hedge) {
        self.rules = rules.clone();
    }

    /// A call is made, now: how long to wait before its second attempt. None while that is not known.
    pub fn begin(&mut self, now: Duration) -> Option<Duration> {
        self.step(now).1 += 1;
        self.calls += 1;
        match self.rules.after {
            Setting::On(after) => Some(after.get()),
            Setting::Off if self.latencies.count() < u64::from(self.rules.minimum_calls) => None,
            Setting::Off => self.latencies.percentile(self.rules.percentile),
        }
    }

    /// The wait is over: whether the second attempt may be made. Takes a token from `budget` only when all else allows
    /// it.
    ///
    /// # Errors
    /// Why not.
    pub fn admit(
        &mut self,
        now: Duration,
        remaining: Option<Duration>,
        budget: Option<&mut RetryBudget>,
    ) -> Result<(), Why> {
        // Half of them take longer: with less it is not likely to be of use.
        let expected = self.latencies.percentile(0.5).unwrap_or_default();
        if remaining.is_some_and(|remaining| remaining.is_zero() || remaining < expected) {
            return Err(Why::Deadline);
        }
        self.step(now);
        if (self.hedges + 1) as f64 > self.rules.max_extra_share * self.calls as f64 {
            return Err(Why::Share);
        }
        if budget.is_some_and(|budget| !budget.withdraw(now)) {
            return Err(Why::Budget);
        }
        self.step(now).2 += 1;
        self.hedges += 1;
        Ok(())
    }

    /// A first attempt was answered after this, or gave way to its hedge after this.
    pub fn learn(&mut self, took: Duration, now: Duration) {
        self.latencies.record(took, now);
    }

    /// The counts of the step that is now; those that are over are forgotten.
    fn step(&mut self, now: Duration) -> &mut (u64, u32, u32) {
        let number = (now.as_nanos() / (WINDOW.as_nanos() / u128::from(STEPS))) as u64;
        let oldest = number.saturating_sub(u64::from(STEPS) - 1);
        while let Some((_, calls, hedges)) = self.recent.pop_front_if(|(step, ..)| *step < oldest) {
            self.calls -= u64::from(calls);
            self.hedges -= u64::from(hedges);
        }
        if self.recent.back().is_none_or(|(step, ..)| *step < number) {
            self.recent.push_back((number, 0, 0));
        }
        self.recent.back_mut().expect("one was pushed if there was none")
    }
}

#[cfg(test)]
mod tests;
