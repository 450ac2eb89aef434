//! Which generator offers which arrivals of a load, and from when. Every arrival has a number, and the number says whose it
//! is; so that none is sent twice or by nobody, a change is for a moment of the schedule that has not come when it is told.
//!
//! ```text
//!  schedule  0 .................. 61.5 s ................. 90.5 s ...
//!  traffic-0      all of it              even numbers           all of it
//!  traffic-1                             odd numbers      (gone: those until then are sent by nobody)
//! ```
//!
//! Nobody takes over from the last one: if only its stream broke, it goes on and comes back.

use std::time::Duration;

use proto::control::Share;

/// One that has come needs connections before its first arrival.
const UNTIL_CONNECTED: Duration = Duration::from_secs(2);
/// How long it takes at most to tell everybody that one is gone. What it should have sent meanwhile nobody sends.
const UNTIL_TOLD: Duration = Duration::from_millis(500);
/// Changes that are remembered. Only the last ones can still matter to anybody.
const REMEMBERED: usize = 16;

/// One process of the generator. Another process under its name is another one: it knows nothing of what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sharer {
    pub(super) instance: String,
    /// Tells it from the one before.
    pub(super) started: (u32, u64),
}

/// Who shares a load, since when.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sharing {
    epochs: Vec<Epoch>,
}

/// From a moment of the schedule on.
#[derive(Debug, Clone, PartialEq)]
struct Epoch {
    from_us: u64,
    sharers: Vec<Sharer>,
}

impl Sharing {
    /// From the schedule's zero on.
    pub(super) fn begin(sharers: Vec<Sharer>) -> Self {
        Self { epochs: vec![Epoch { from_us: 0, sharers }] }
    }

    /// Whether anybody else shares than did.
    pub(super) fn would_change(&self, sharers: &[Sharer]) -> bool {
        !sharers.is_empty() && self.newest() != sharers
    }

    /// These share from soon on. `now_us` is since the schedule's zero.
    pub(super) fn change(&mut self, sharers: Vec<Sharer>, now_us: u64) {
        if !self.would_change(&sharers) {
            return;
        }
        let known = |sharer| self.newest().contains(sharer);
        let lead = if sharers.iter().all(known) { UNTIL_TOLD } else { UNTIL_CONNECTED };
        let soon_us = now_us.saturating_add(lead.as_micros() as u64);
        // One that goes before another's turn has begun: both changes are then.
        let from_us = self.epochs.last().map_or(soon_us, |last| last.from_us.max(soon_us));
        self.epochs.push(Epoch { from_us, sharers });
        if self.epochs.len() > REMEMBERED {
            self.epochs.remove(0);
        }
    }

    /// One generator's shares, in the order of their times.
    pub(super) fn of(&self, sharer: &Sharer) -> Vec<Share> {
        let share = |epoch: &Epoch| {
            let remainder = epoch.sharers.iter().position(|one| one == sharer);
            Share {
                from_us: epoch.from_us,
                remainder: remainder.unwrap_or_default() as u32,
                of: if remainder.is_some() { epoch.sharers.len() as u32 } else { 0 },
            }
        };
        self.epochs.iter().map(share).collect()
    }

    fn newest(&self) -> &[Sharer] {
        self.epochs.last().map_or(&[], |epoch| &epoch.sharers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn sharer(number: u32) -> Sharer {
        Sharer { instance: format!("traffic-{number}"), started: (1, u64::from(number)) }
    }

    fn shares(sharing: &Sharing, number: u32) -> Vec<(u64, u32, u32)> {
        sharing
            .of(&sharer(number))
            .iter()
            .map(|share| (share.from_us / 1_000, share.remainder, share.of))
            .collect()
    }

    #[test]
    fn one_alone_has_all_of_it() {
        assert_eq!(shares(&Sharing::begin(vec![sharer(0)]), 0), [(0, 0, 1)]);
    }

    #[test]
    fn who_comes_shares_from_when_it_is_connected_and_who_goes_until_all_are_told() {
        let mut sharing = Sharing::begin(vec![sharer(0)]);
        sharing.change(vec![sharer(0), sharer(1)], 10 * SECOND);
        sharing.change(vec![sharer(1)], 20 * SECOND);
        assert_eq!(shares(&sharing, 0), [(0, 0, 1), (12_000, 0, 2), (20_500, 0, 0)]);
        assert_eq!(shares(&sharing, 1), [(0, 0, 0), (12_000, 1, 2), (20_500, 0, 1)]);
    }

    #[test]
    fn a_process_that_was_started_again_owes_nothing_of_what_the_one_before_did() {
        let mut sharing = Sharing::begin(vec![sharer(0)]);
        let again = Sharer { started: (1, 77), ..sharer(0) };
        sharing.change(vec![again.clone()], 10 * SECOND);
        assert_eq!(sharing.of(&again)[0].of, 0);
        assert_eq!(sharing.of(&again)[1], Share { from_us: 12 * SECOND, remainder: 0, of: 1 });
    }

    #[test]
    fn one_that_is_alone_and_loses_its_stream_goes_on() {
        let mut sharing = Sharing::begin(vec![sharer(0)]);
        sharing.change(Vec::new(), 10 * SECOND);
        sharing.change(vec![sharer(0)], 11 * SECOND);
        assert_eq!(shares(&sharing, 0), [(0, 0, 1)]);
    }

    #[test]
    fn changes_are_in_order_however_quickly_they_follow_one_another() {
        let mut sharing = Sharing::begin(vec![sharer(0)]);
        sharing.change(vec![sharer(0), sharer(1)], 10 * SECOND);
        sharing.change(vec![sharer(0)], 10 * SECOND + 1);
        assert_eq!(shares(&sharing, 0), [(0, 0, 1), (12_000, 0, 2), (12_000, 0, 1)]);
        for second in 11..60 {
            let both = second % 2 == 0;
            sharing.change((0..=u32::from(both)).map(sharer).collect(), second * SECOND);
        }
        assert_eq!(sharing.epochs.len(), REMEMBERED);
        assert!(sharing.epochs.is_sorted_by_key(|epoch| epoch.from_us));
    }
}
