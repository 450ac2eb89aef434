//! The calls of the last n seconds, summed up in steps: at 2,000 calls a second nobody wants to keep each.

use std::collections::VecDeque;
use std::time::Duration;

use super::Seen;

/// A window moves on in tenths of its length.
const STEPS: u32 = 10;

/// The calls that came within a tenth of the window from `since` on.
#[derive(Debug)]
struct Step {
    since: Duration,
    seen: Seen,
}

/// The calls of the last `length`. The number of a call is that of its step: more is not needed to count its failure.
#[derive(Debug)]
pub(crate) struct TimeWindow {
    length: Duration,
    steps: VecDeque<Step>,
    /// The number of the oldest step.
    first: u64,
    total: Seen,
}

impl TimeWindow {
    pub(super) fn new(length: Duration, first: u64) -> TimeWindow {
        TimeWindow { length, steps: VecDeque::new(), first, total: Seen::default() }
    }

    /// Keeps the calls that are young enough; they are looked at when the next one comes.
    pub(super) fn resize(&mut self, length: Duration) {
        self.length = length;
    }

    pub(super) fn clear(&mut self) {
        self.first = self.next();
        self.steps.clear();
        self.total = Seen::default();
    }

    /// The number of the next step.
    pub(super) fn next(&self) -> u64 {
        self.first + self.steps.len() as u64
    }

    /// Drops a step as soon as its oldest call may be as old as the window.
    pub(super) fn expire(&mut self, now: Duration) {
        while let Some(gone) = self.steps.pop_front_if(|oldest| now >= oldest.since + self.length) {
            self.first += 1;
            self.total.calls -= gone.seen.calls;
            self.total.failed -= gone.seen.failed;
            self.total.slow -= gone.seen.slow;
        }
    }

    pub(super) fn push(&mut self, now: Duration, failed: bool, slow: bool) -> u64 {
        self.expire(now);
        let step = self.length / STEPS;
        if self.steps.back().is_none_or(|last| now >= last.since + step) {
            self.steps.push_back(Step { since: now, seen: Seen::default() });
        }
        let last = self.steps.back_mut().map(|step| &mut step.seen);
        for seen in [Some(&mut self.total), last].into_iter().flatten() {
            seen.calls += 1;
            seen.failed += u32::from(failed);
            seen.slow += u32::from(slow);
        }
        self.next() - 1
    }

    pub(super) fn fail(&mut self, number: u64) {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(step) = index.and_then(|index| self.steps.get_mut(index)) {
            step.seen.failed += 1;
            self.total.failed += 1;
        }
    }

    pub(super) fn seen(&self) -> Seen {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_call_counts_for_nine_tenths_of_the_window_and_never_longer_than_it() {
        let mut window = TimeWindow::new(at(10_000), 0);
        for millis in (0..1_000).step_by(100) {
            window.push(at(millis), true, false);
        }
        window.expire(at(9_999));
        assert_eq!(window.seen().calls, 10, "the last of them is 9.1 s old");
        window.expire(at(10_000));
        assert_eq!(window.seen(), Seen::default(), "the first of them is 10 s old");
    }

    #[test]
    fn what_it_keeps_does_not_grow_with_the_rate() {
        let mut window = TimeWindow::new(at(10_000), 0);
        for millis in 0..60_000 {
            window.push(at(millis), millis % 4 == 0, false);
        }
        assert!(window.steps.len() <= 11, "{}", window.steps.len());
        let seen = window.seen();
        assert!((9_000..=10_000).contains(&seen.calls), "{seen:?}");
        assert_eq!(seen.failed, seen.calls.div_ceil(4));
    }

    #[test]
    fn a_late_failure_counts_in_its_own_step_and_leaves_with_it() {
        let mut window = TimeWindow::new(at(10_000), 7);
        let first = window.push(at(0), false, true);
        let second = window.push(at(5_000), false, true);
        assert_eq!((first, second), (7, 8));
        window.fail(first);
        assert_eq!(window.seen(), Seen { calls: 2, failed: 1, slow: 2 });
        window.expire(at(10_000));
        assert_eq!(window.seen(), Seen { calls: 1, failed: 0, slow: 1 });
        window.fail(first);
        assert_eq!(window.seen().failed, 0, "it has left");
    }

    #[test]
    fn a_shorter_window_forgets_and_a_longer_one_goes_on() {
        let mut window = TimeWindow::new(at(10_000), 0);
        for second in 0..10 {
            window.push(at(second * 1_000), true, false);
        }
        window.resize(at(5_000));
        window.expire(at(9_500));
        assert_eq!(window.seen().calls, 5, "those of 5 s to 9 s");
        window.resize(at(20_000));
        window.expire(at(20_000));
        assert_eq!(window.seen().calls, 5);
    }
}
