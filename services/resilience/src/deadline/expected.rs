//! How long the work of a method takes: the median of its last successful runs.
//!
//! Only runs that ended well are told here. A run that was cut short says how patient its caller was, not how long the
//! work is, and an error is often quicker than the work. What remains is the bias of survivors: under deadlines the slow
//! runs are the ones that are cut, so the estimate is too low when the work gets slower, and then simply refuses less.
//!
//! The opposite error would be for ever: an estimate from a bad hour that refuses everything would never see a run
//! again. So now and then one job is let through to prove it wrong, and one that does throws the past away.

use std::time::Duration;

/// Runs that are remembered: enough for a median, few enough to follow a change at once.
const WINDOW: usize = 32;
/// On fewer runs there is no estimate.
const ENOUGH: usize = 8;
/// Jobs let through against the estimate hold at most so many workers, if the estimate is right...
const PROBES: u32 = 4;
/// ...and come no more often than this, however short the work.
const PROBE_EVERY: Duration = Duration::from_millis(100);

/// The expected time of one method's work.
#[derive(Debug, Default)]
pub struct Expected {
    /// The last runs, the oldest overwritten first.
    runs: Vec<Duration>,
    oldest: usize,
    median: Option<Duration>,
    probed: Option<Duration>,
}

impl Expected {
    /// The median; none before enough runs are known.
    pub fn get(&self) -> Option<Duration> {
        self.median
    }

    /// A run that ended well took so long. `left` is what it had of its deadline when it began.
    pub fn learn(&mut self, took: Duration, left: Option<Duration>) {
        if self.median.is_some_and(|median| left.is_some_and(|left| took <= left && left < median)) {
            // It was not to make it, and did: what was learned before is over.
            self.runs.clear();
            self.oldest = 0;
        }
        if self.runs.len() < WINDOW {
            self.runs.push(took);
        } else {
            self.runs[self.oldest] = took;
            self.oldest = (self.oldest + 1) % WINDOW;
        }
        self.median = (self.runs.len() >= ENOUGH).then(|| {
            let mut sorted = [Duration::ZERO; WINDOW];
            let sorted = &mut sorted[..self.runs.len()];
            sorted.copy_from_slice(&self.runs);
            let middle = sorted.len() / 2;
            *sorted.select_nth_unstable(middle).1
        });
    }

    /// Whether a job that would be refused is let through, to learn whether it still should be.
    pub fn may_probe(&self, now: Duration) -> bool {
        let every = self.median.map_or(PROBE_EVERY, |median| (median / PROBES).max(PROBE_EVERY));
        self.probed.is_none_or(|probed| now.saturating_sub(probed) >= every)
    }

    /// One was let through.
    pub fn probe(&mut self, now: Duration) {
        self.probed = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_median_needs_a_few_runs_and_follows_a_change() {
        let mut expected = Expected::default();
        for run in 0..7 {
            assert_eq!(expected.get(), None, "{run} runs are no estimate");
            expected.learn(100 * MS, None);
        }
        expected.learn(100 * MS, None);
        assert_eq!(expected.get(), Some(100 * MS));
        // Answers from memory, a third of all, do not pull it down.
        for run in 0..60 {
            expected.learn(if run % 3 == 0 { MS } else { 100 * MS }, None);
        }
        assert_eq!(expected.get(), Some(100 * MS));
        (0..17).for_each(|_| expected.learn(300 * MS, None));
        assert_eq!(expected.get(), Some(300 * MS));
    }

    /// resilience.md 3.6: an average that shuts everything out never learns of the recovery.
    #[test]
    fn one_run_that_proves_it_wrong_is_believed_at_once() {
        let mut expected = Expected::default();
        (0..32).for_each(|_| expected.learn(30_000 * MS, None));
        assert_eq!(expected.get(), Some(30_000 * MS));
        expected.learn(100 * MS, Some(250 * MS));
        assert_eq!(expected.get(), None, "everybody may start until there is a new estimate");
        (0..7).for_each(|_| expected.learn(100 * MS, Some(250 * MS)));
        assert_eq!(expected.get(), Some(100 * MS));
    }

    #[test]
    fn an_unlikely_run_that_was_late_proves_nothing() {
        let mut expected = Expected::default();
        (0..32).for_each(|_| expected.learn(100 * MS, None));
        expected.learn(101 * MS, Some(50 * MS));
        assert_eq!(expected.get(), Some(100 * MS));
    }

    #[test]
    fn probes_hold_four_workers_at_most_if_the_estimate_is_right() {
        let probes = |takes: Duration| {
            let mut expected = Expected::default();
            (0..32).for_each(|_| expected.learn(takes, None));
            let let_through = (0..60_000u32).filter(|ms| {
                let now = *ms * MS;
                let may = expected.may_probe(now);
                if may {
                    expected.probe(now);
                }
                may
            });
            let_through.count()
        };
        assert_eq!(probes(100 * MS), 600, "one at a time, as each takes 100 ms");
        assert_eq!(probes(30_000 * MS), 8, "one each 7.5 s");
    }
}
