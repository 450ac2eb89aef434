//! Controlled delay: is the queue long because of a burst, or does it not get short any more?
//!
//! The form of Meta's folly (`folly/executors/Codel`), not of RFC 8289: if the *minimum* delay over an interval is above
//! the target, the queue is overloaded, and whatever then has waited longer than twice the target is refused. There is
//! no square-root law. A burst that drains within an interval is never touched.
//!
//! Ours looks at the age of the oldest waiting item, which under FIFO is the delay of the item that starts. So the
//! signal means the same when the newest starts first. And an interval in which nothing started at all, though somebody
//! waited through it, counts as overloaded: folly learns of a stuck pool only when it moves again.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::Span;

/// When a queue is overloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Codel {
    /// A queue whose delay never gets as short as this is overloaded; twice of it is refused then. Default 5ms (folly).
    pub target: Span,
    /// Over how long the shortest delay is looked for. Default 100ms (folly).
    pub interval: Span,
}

impl Default for Codel {
    fn default() -> Codel {
        Codel { target: Span::millis(5), interval: Span::millis(100) }
    }
}

impl Codel {
    /// While overloaded, what has waited longer than this is refused.
    pub(super) fn patience(self) -> Duration {
        2 * self.target.get()
    }
}

/// The verdict on one line of waiting items, interval by interval.
#[derive(Debug, Default)]
pub(super) struct Overload {
    overloaded: bool,
    /// The shortest delay seen in this interval.
    least: Duration,
    until: Duration,
    seen: Duration,
    /// The interval has only just begun.
    fresh: bool,
}

impl Overload {
    pub(super) fn is_on(&self) -> bool {
        self.overloaded
    }

    /// Whether what is too old may be refused now. The first of an interval never is, so that a line with few items is
    /// not shut out by a verdict that nothing refreshes.
    pub(super) fn sheds(&self) -> bool {
        self.overloaded && !self.fresh
    }

    /// An item is about to start; the oldest that waits, itself included, has this age. Ends the interval if it is over.
    pub(super) fn tick(&mut self, codel: Codel, now: Duration, oldest: Duration) {
        self.fresh = now >= self.until;
        if self.fresh {
            let interval = codel.interval.get();
            let quiet = now.saturating_sub(self.seen) >= interval;
            let stuck = quiet && oldest.saturating_sub(interval) > codel.target.get();
            self.overloaded = self.least > codel.target.get() || stuck;
            self.until = now + interval;
            self.least = oldest;
        }
        self.seen = now;
    }

    /// What is too old has been refused; the oldest that is left has this age.
    pub(super) fn sample(&mut self, oldest: Duration) {
        self.least = self.least.min(oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Feeds a delay each millisecond; the milliseconds at which it was overloaded.
    fn overloaded(delays: impl IntoIterator<Item = u32>) -> Vec<usize> {
        let mut overload = Overload::default();
        let mut on = Vec::new();
        for (ms, delay) in delays.into_iter().enumerate() {
            overload.tick(Codel::default(), ms as u32 * MS, delay * MS);
            overload.sample(delay * MS);
            if overload.is_on() {
                on.push(ms);
            }
        }
        on
    }

    #[test]
    fn one_short_delay_in_an_interval_is_a_good_queue() {
        assert_eq!(overloaded((0..1_000).map(|ms| if ms % 100 == 50 { 5 } else { 80 })), [0; 0]);
    }

    #[test]
    fn an_interval_without_a_short_delay_is_overload_until_one_has_it() {
        let on = overloaded((0..1_000).map(|ms| if (150..550).contains(&ms) { 6 } else { 0 }));
        // 200 to 300 is the first interval that is long throughout; 500 to 600 the first that is not.
        assert_eq!((on.first(), on.last(), on.len()), (Some(&300), Some(&599), 300));
    }

    /// resilience.md 3.6: no line is shut out by a verdict that only its own items could refresh.
    #[test]
    fn the_first_of_an_interval_is_never_refused() {
        let mut overload = Overload::default();
        for second in 1..10 {
            overload.tick(Codel::default(), second * 1_000 * MS, 60 * MS);
            assert!(!overload.sheds(), "it comes once a second, and all would be refused");
            overload.sample(60 * MS);
        }
        assert!(overload.is_on());
    }

    #[test]
    fn a_pool_that_was_stuck_is_overloaded_when_it_moves_again() {
        let mut overload = Overload::default();
        overload.tick(Codel::default(), MS, Duration::ZERO);
        overload.tick(Codel::default(), 30_000 * MS, 29_000 * MS);
        assert!(overload.is_on() && !overload.sheds(), "the first one tells");
        overload.tick(Codel::default(), 30_000 * MS, 28_999 * MS);
        assert!(overload.sheds(), "the others go");
        // Nobody called for a while: that is idle, not stuck.
        let mut idle = Overload::default();
        idle.tick(Codel::default(), MS, Duration::ZERO);
        idle.tick(Codel::default(), 30_000 * MS, 2 * MS);
        assert!(!idle.is_on());
    }
}
