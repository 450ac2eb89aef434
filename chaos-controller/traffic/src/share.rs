//! Which arrivals of a load are this process's, where several processes share one. All of them draw the same schedule, and
//! an arrival's number says whose it is: together they offer what one alone would, each number once, and nobody has to
//! ask anybody.
//!
//! Shares change when a process comes or goes, at a moment of the schedule that all are told in advance. Who decides that
//! is the controller's business.

use proto::control::Share;

use crate::schedule::Arrival;

/// A process's shares of a load, in the order of their times.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shares {
    shares: Vec<Share>,
}

impl Shares {
    pub(crate) fn new(shares: &[Share]) -> Self {
        Self { shares: shares.to_vec() }
    }

    /// Whether no arrival is anybody else's.
    pub(crate) fn is_all(&self) -> bool {
        self.shares.iter().all(|share| share.of == 1 && share.from_us == 0)
    }

    /// Whether an arrival is this process's: the last share that had begun when it was meant to come decides.
    pub(crate) fn takes(&self, arrival: &Arrival) -> bool {
        if self.shares.is_empty() {
            return true;
        }
        let begun = |share: &&Share| share.from_us <= arrival.intended_us;
        let share = self.shares.iter().rev().find(begun);
        share.is_some_and(|share| {
            share.of > 0 && arrival.index % u64::from(share.of) == u64::from(share.remainder)
        })
    }

    /// When the last of them begins.
    pub(crate) fn newest_us(&self) -> u64 {
        self.shares.last().map_or(0, |share| share.from_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::Journey;

    fn share(from_us: u64, remainder: u32, of: u32) -> Share {
        Share { from_us, remainder, of }
    }

    fn taken(shares: &[Share]) -> Vec<u64> {
        let shares = Shares::new(shares);
        let arrivals =
            (0..12).map(|index| Arrival { journey: Journey::Home, index, intended_us: index * 10, user: 1 });
        arrivals.filter(|arrival| shares.takes(arrival)).map(|arrival| arrival.index).collect()
    }

    #[test]
    fn shares_are_the_whole_and_nothing_twice() {
        let mut all: Vec<u64> = (0..3).flat_map(|remainder| taken(&[share(0, remainder, 3)])).collect();
        all.sort_unstable();
        assert_eq!(all, taken(&[]));
    }

    #[test]
    fn a_share_changes_at_its_moment_for_everybody() {
        // A second one comes at 45 us, and the first one is gone at 85.
        let first = [share(0, 0, 1), share(45, 0, 2), share(85, 0, 0)];
        let second = [share(0, 0, 0), share(45, 1, 2), share(85, 0, 1)];
        assert_eq!(taken(&first), [0, 1, 2, 3, 4, 6, 8]);
        assert_eq!(taken(&second), [5, 7, 9, 10, 11]);
    }

    #[test]
    fn before_its_first_share_nothing_is_this_process_s() {
        assert_eq!(taken(&[share(105, 0, 1)]), [11]);
        assert_eq!(taken(&[share(0, 0, 0)]), Vec::<u64>::new());
    }

    #[test]
    fn only_one_that_is_alone_from_the_start_has_all() {
        assert!(Shares::new(&[]).is_all() && Shares::new(&[share(0, 0, 1)]).is_all());
        assert!(!Shares::new(&[share(5, 0, 1)]).is_all() && !Shares::new(&[share(0, 1, 2)]).is_all());
    }
}
