//! The last pulses, and what they say together: whether every journey was good for so many seconds. Decides when to go
//! on, never what the verdict is.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::watch;

use crate::api::{LiveJourney, Pulse};

use super::{Ended, Run};

/// Pulses that are remembered: more than any window asks for.
const KEPT: usize = 120;

/// The last pulses, oldest first.
#[derive(Debug)]
pub(crate) struct Recent {
    pulses: VecDeque<Arc<Pulse>>,
    rx: watch::Receiver<Arc<Pulse>>,
}

impl Recent {
    pub(crate) fn new(mut rx: watch::Receiver<Arc<Pulse>>) -> Self {
        rx.mark_unchanged();
        Self { pulses: VecDeque::new(), rx }
    }

    /// Waits for the next pulse, or for an abort.
    pub(crate) async fn next(&mut self, run: &Run) -> Result<Arc<Pulse>, Ended> {
        tokio::select! {
            changed = self.rx.changed() => changed.map_err(|_| Ended::Interrupted)?,
            () = run.abort.cancelled() => return Err(Ended::Interrupted),
        }
        let pulse = Arc::clone(&self.rx.borrow_and_update());
        self.take(Arc::clone(&pulse));
        Ok(pulse)
    }

    fn take(&mut self, pulse: Arc<Pulse>) {
        if self.pulses.len() == KEPT {
            self.pulses.pop_front();
        }
        self.pulses.push_back(pulse);
    }

    /// Forgets everything before now.
    pub(crate) fn restart(&mut self) {
        self.pulses.clear();
    }

    /// The worst journey's good share over the last `seconds`; `None` before there are so many, or without a request
    /// of every journey.
    pub(crate) fn goodput(&self, seconds: usize) -> Option<(String, f64)> {
        if seconds == 0 || self.pulses.len() < seconds {
            return None;
        }
        let window: Vec<&Arc<Pulse>> = self.pulses.iter().rev().take(seconds).collect();
        let journeys = window[0].users.journeys.len();
        let mut worst: Option<(String, f64)> = None;
        for index in 0..journeys {
            let cells = || window.iter().filter_map(|pulse| pulse.users.journeys.get(index));
            let ended: u64 = cells().map(|journey| journey.ended).sum();
            let good: u64 = cells().map(|journey| journey.good).sum();
            if ended == 0 {
                return None;
            }
            let share = good as f64 / ended as f64;
            if worst.as_ref().is_none_or(|(_, least)| share < *least) {
                worst = Some((cells().next().map(|journey: &LiveJourney| journey.journey.clone())?, share));
            }
        }
        worst
    }

    /// Good answers of a journey as a share of what was asked of the generator, over the last `seconds`. Unlike the
    /// goodput it falls at once when answers stop, and not when the users give up.
    pub(crate) fn answered(&self, journey: usize, rate: f64, seconds: usize) -> Option<f64> {
        if self.pulses.len() < seconds || rate <= 0.0 {
            return None;
        }
        let good: u64 = self
            .pulses
            .iter()
            .rev()
            .take(seconds)
            .filter_map(|p| p.users.journeys.get(journey))
            .map(|j| j.good)
            .sum();
        Some(good as f64 / (rate * seconds as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::LiveLoad;

    fn pulse(cells: &[(u64, u64)]) -> Arc<Pulse> {
        let journeys = cells
            .iter()
            .enumerate()
            .map(|(n, (ended, good))| LiveJourney {
                journey: format!("j{n}"),
                ended: *ended,
                good: *good,
                ..LiveJourney::default()
            })
            .collect();
        Arc::new(Pulse { users: LiveLoad { journeys, ..LiveLoad::default() }, ..Pulse::default() })
    }

    fn recent(pulses: &[&[(u64, u64)]]) -> Recent {
        let mut recent = Recent::new(watch::channel(Arc::default()).1);
        pulses.iter().for_each(|cells| recent.take(pulse(cells)));
        recent
    }

    #[test]
    fn goodput_is_that_of_the_worst_journey_over_the_window() {
        let recent = recent(&[&[(10, 0), (10, 0)], &[(10, 10), (10, 8)], &[(10, 10), (10, 10)]]);
        assert_eq!(recent.goodput(2), Some(("j1".to_owned(), 0.9)));
    }

    #[test]
    fn too_few_pulses_or_a_silent_journey_say_nothing() {
        assert_eq!(recent(&[&[(10, 10)]]).goodput(2), None);
        assert_eq!(recent(&[&[(10, 10), (0, 0)]]).goodput(1), None);
    }

    #[test]
    fn what_is_not_answered_counts_against_the_offered_rate() {
        let recent = recent(&[&[(100, 100)], &[(10, 10)]]);
        assert_eq!(recent.answered(0, 100.0, 1), Some(0.1));
        assert_eq!(recent.answered(0, 100.0, 2), Some(0.55));
    }
}
