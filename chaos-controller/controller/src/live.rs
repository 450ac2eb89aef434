//! What the users saw in the last seconds: counts and a coarse histogram per journey and second, in a ring. For the
//! pulse and for the run loop's decisions; the verdict is read from the recorded requests, never from here.

use std::time::Duration;

use evidence::Outcome;
use evidence::requests::JOURNEYS;

use crate::api::{LiveJourney, LiveLoad};

/// Seconds that are remembered: the minute that the board shows, and some.
const RING: usize = 64;
/// Buckets per doubling of latency: values are told apart at 9 %.
const PER_OCTAVE: f64 = 8.0;
/// From 0.1 ms over 20 doublings: to 100 s.
const BUCKETS: usize = 160;
const FIRST_BUCKET_MS: f64 = 0.1;

/// The last seconds.
#[derive(Debug)]
pub(crate) struct Live {
    seconds: Box<[Second; RING]>,
    objectives_us: [u64; JOURNEYS.len()],
}

#[derive(Debug, Clone)]
struct Second {
    second: u64,
    journeys: [Cell; JOURNEYS.len()],
}

#[derive(Debug, Clone)]
struct Cell {
    ended: u32,
    answered: u32,
    good: u32,
    pending: u32,
    histogram: [u16; BUCKETS],
}

impl Live {
    /// The objectives of drills.md, until a plan says otherwise.
    pub(crate) fn new() -> Self {
        let empty = Cell { ended: 0, answered: 0, good: 0, pending: 0, histogram: [0; BUCKETS] };
        let second = Second { second: 0, journeys: std::array::from_fn(|_| empty.clone()) };
        Self {
            seconds: Box::new(std::array::from_fn(|_| second.clone())),
            objectives_us: [500_000, 300_000, 300_000, 500_000, 2_000_000],
        }
    }

    /// How fast an answer must be to be good, per journey.
    pub(crate) fn set_objective(&mut self, journey: usize, latency: Duration) {
        if let Some(objective) = self.objectives_us.get_mut(journey) {
            *objective = latency.as_micros() as u64;
        }
    }

    /// Counts a request by the moment of its end on the controller's clock.
    pub(crate) fn record(&mut self, ended_us: u64, journey: usize, latency_us: u64, outcome: Outcome) {
        let Some(&objective) = self.objectives_us.get(journey) else { return };
        let second = self.slot(ended_us / 1_000_000);
        let cell = &mut second.journeys[journey];
        cell.ended += 1;
        cell.pending += u32::from(outcome == Outcome::Pending);
        let correct = matches!(outcome, Outcome::Ok | Outcome::Pending);
        cell.answered += u32::from(correct);
        cell.good += u32::from(correct && latency_us <= objective);
        let bucket = &mut cell.histogram[bucket(latency_us)];
        *bucket = bucket.saturating_add(1);
    }

    /// One second, by the controller's clock; all zeros if it is not remembered.
    pub(crate) fn second(&self, second: u64) -> LiveLoad {
        let slot = &self.seconds[second as usize % RING];
        let journeys = JOURNEYS
            .iter()
            .enumerate()
            .map(|(index, journey)| {
                let mut live = LiveJourney { journey: (*journey).to_owned(), ..LiveJourney::default() };
                if slot.second == second {
                    let cell = &slot.journeys[index];
                    live.ended = u64::from(cell.ended);
                    live.answered = u64::from(cell.answered);
                    live.good = u64::from(cell.good);
                    live.pending = u64::from(cell.pending);
                    live.p99_ms = p99_ms(cell);
                }
                live
            })
            .collect::<Vec<_>>();
        LiveLoad { offered: 0, ended: journeys.iter().map(|journey| journey.ended).sum(), journeys }
    }

    fn slot(&mut self, second: u64) -> &mut Second {
        let slot = &mut self.seconds[second as usize % RING];
        if slot.second < second {
            slot.second = second;
            for cell in &mut slot.journeys {
                *cell = Cell { ended: 0, answered: 0, good: 0, pending: 0, histogram: [0; BUCKETS] };
            }
        }
        slot
    }
}

fn bucket(latency_us: u64) -> usize {
    let octaves = (latency_us as f64 / 1000.0 / FIRST_BUCKET_MS).max(1.0).log2();
    ((octaves * PER_OCTAVE) as usize).min(BUCKETS - 1)
}

/// Upper edge of the bucket that the 99th percentile falls in.
fn p99_ms(cell: &Cell) -> f64 {
    let rank = (f64::from(cell.ended) * 0.99).ceil() as u32;
    let mut seen = 0;
    for (index, count) in cell.histogram.iter().enumerate() {
        seen += u32::from(*count);
        if seen >= rank && seen > 0 {
            return FIRST_BUCKET_MS * ((index + 1) as f64 / PER_OCTAVE).exp2();
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_counts_what_ended_in_it() {
        let mut live = Live::new();
        live.record(5_100_000, 4, 110_000, Outcome::Ok);
        live.record(5_200_000, 4, 3_000_000, Outcome::Ok);
        live.record(5_300_000, 4, 50_000, Outcome::Pending);
        live.record(6_000_000, 4, 50_000, Outcome::Unavailable);
        let checkout = &live.second(5).journeys[4];
        assert_eq!((checkout.ended, checkout.good, checkout.pending), (3, 2, 1));
        assert!((3000.0..3300.0).contains(&checkout.p99_ms), "{}", checkout.p99_ms);
        assert_eq!(live.second(6).journeys[4].good, 0);
    }

    #[test]
    fn the_ring_forgets_and_a_late_record_never_lands_in_a_newer_second() {
        let mut live = Live::new();
        live.record(1_000_000, 0, 1, Outcome::Ok);
        live.record((1 + RING as u64) * 1_000_000, 0, 1, Outcome::Ok);
        assert_eq!(live.second(1).ended, 0);
        assert_eq!(live.second(1 + RING as u64).ended, 1);
    }
}
