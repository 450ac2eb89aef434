//! How a load's rates change with time: surges. A Poisson process whose rate changes is one of constant rate on a
//! stretched clock, so arrivals are drawn on the clock of the base rate and this says when they come. Without a surge
//! both clocks are the same, to the nanosecond.
//!
//! ```text
//!  rate      ___________              own time (base rate)   0 ........ 10 20 30 40 ...... 100 .. 110
//!   x5      /           |             real time              0 ........ 10 . . . . ....... 34 .... 44
//!   x1 ____/            |_____
//! ```
//! Seconds in `f64`: additions, a division and a square root, which IEEE 754 rounds the same way everywhere.

use proto::control::Surge;

const NANOS: f64 = 1e9;

/// The surges of a load, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Profile {
    surges: Vec<Piece>,
}

/// One surge: real seconds, and how much own time lies before it and in it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    from: f64,
    over: f64,
    length: f64,
    /// Above 1: what is added to the rate at its height.
    more: f64,
    own_from: f64,
    own_to: f64,
}

/// Why surges are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoSurges;

impl Profile {
    /// # Errors
    /// When a surge overlaps the one before, is no longer than its climb, or its factor is none.
    pub(crate) fn new(surges: &[Surge]) -> Result<Self, NoSurges> {
        let mut pieces: Vec<Piece> = Vec::with_capacity(surges.len());
        for surge in surges {
            let seconds = |us: u64| us as f64 / 1e6;
            let (from, over, length) =
                (seconds(surge.from_us), seconds(surge.over_us), seconds(surge.for_us));
            let (free_from, own_free) =
                pieces.last().map_or((0.0, 0.0), |last| (last.from + last.length, last.own_to));
            if from < free_from || over > length || !(1.0..=1e3).contains(&surge.factor) {
                return Err(NoSurges);
            }
            let more = surge.factor - 1.0;
            let own_from = own_free + (from - free_from);
            let own_to = own_from + length + more * (length - over / 2.0);
            pieces.push(Piece { from, over, length, more, own_from, own_to });
        }
        Ok(Self { surges: pieces })
    }

    /// The real time of an arrival, from its time on the clock of the base rate. Nanoseconds.
    pub(crate) fn real_ns(&self, own_ns: u64) -> u64 {
        let own = own_ns as f64 / NANOS;
        // Of the surges that have begun by then the last one decides; before the first, nothing is stretched.
        match self.surges.iter().rev().find(|piece| own > piece.own_from) {
            None => own_ns,
            Some(piece) => (piece.real(own) * NANOS) as u64,
        }
    }
}

impl Piece {
    fn real(&self, own: f64) -> f64 {
        if own >= self.own_to {
            return self.from + self.length + (own - self.own_to);
        }
        let into = own - self.own_from;
        // Own time in the climb: t + more t^2 / (2 over). What is left of it at the height runs at 1 + more.
        let climb = self.over + self.more * self.over / 2.0;
        if into >= climb {
            return self.from + self.over + (into - climb) / (1.0 + self.more);
        }
        // The root of the square equation, in the form that loses no digits for a gentle climb.
        let bend = self.more / (2.0 * self.over);
        self.from + 2.0 * into / (1.0 + (1.0 + 4.0 * bend * into).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn surge(from: u64, over: u64, length: u64, factor: f64) -> Surge {
        Surge { from_us: from * 1_000_000, over_us: over * 1_000_000, for_us: length * 1_000_000, factor }
    }

    fn real(profile: &Profile, own_s: u64) -> f64 {
        profile.real_ns(own_s * SECOND) as f64 / 1e9
    }

    #[test]
    fn without_surges_time_is_left_alone() {
        let profile = Profile::new(&[]).unwrap();
        assert_eq!(profile.real_ns(1_234_567_891_234), 1_234_567_891_234);
    }

    #[test]
    fn a_surge_packs_more_own_time_into_real_time() {
        // Own time: 10 before, (10 + 20) in the climb, 5 x 20 at the height.
        let profile = Profile::new(&[surge(10, 10, 30, 5.0)]).unwrap();
        for (own, expected) in [(10, 10.0), (40, 20.0), (90, 30.0), (140, 40.0), (150, 50.0)] {
            assert!((real(&profile, own) - expected).abs() < 1e-6, "{own}: {}", real(&profile, own));
        }
        // Half-way up the rate has been (1 + 3) / 2 on average: 5 s hold 5 + 4 x 25 / 20 = 10 of own time.
        assert!((real(&profile, 20) - 15.0).abs() < 1e-6);
    }

    #[test]
    fn a_second_surge_begins_where_it_should() {
        let profile = Profile::new(&[surge(10, 0, 10, 5.0), surge(30, 0, 10, 5.0)]).unwrap();
        for (own, expected) in [(60, 20.0), (70, 30.0), (120, 40.0), (125, 45.0)] {
            assert!((real(&profile, own) - expected).abs() < 1e-6, "{own}: {}", real(&profile, own));
        }
    }

    #[test]
    fn time_never_runs_back() {
        let profile = Profile::new(&[surge(3, 2, 7, 5.0), surge(11, 3, 5, 2.0)]).unwrap();
        let times: Vec<u64> = (0..6_000).map(|n| profile.real_ns(n * SECOND / 100)).collect();
        assert!(times.is_sorted());
    }

    #[test]
    fn surges_that_overlap_or_never_reach_their_height_are_refused() {
        assert_eq!(Profile::new(&[surge(10, 0, 10, 5.0), surge(15, 0, 10, 5.0)]), Err(NoSurges));
        assert_eq!(Profile::new(&[surge(10, 11, 10, 5.0)]), Err(NoSurges));
        assert_eq!(Profile::new(&[surge(10, 0, 10, f64::NAN)]), Err(NoSurges));
    }
}
