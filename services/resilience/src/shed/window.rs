//! What a shedder has counted: who came, and a rate that tells chance from change.

use std::time::Duration;

use super::standing::{COHORTS, Class, Standing};

/// Places that a level can be at, in each cohort: the draw of a request decides in which of them it stands.
const DRAWS: usize = 8;
/// All the places, the best first.
pub(super) const PLACES: usize = Class::ALL.len() * COHORTS as usize * DRAWS;
pub(super) const PLACES_OF_A_CLASS: usize = COHORTS as usize * DRAWS;

/// What a window adds to what is known, when nothing has changed: 20 windows are remembered.
pub(super) const NEW: f64 = 0.05;

/// The place of a request. `draw` is any number that all its calls share, such as a piece of the trace id.
pub(super) fn place(standing: Standing, draw: u8) -> usize {
    standing.place() * DRAWS + usize::from(draw) % DRAWS
}

/// How many came at each place: of this window, and in a memory that fades.
#[derive(Debug)]
pub(super) struct Arrivals {
    window: Box<[u32; PLACES]>,
    memory: Box<[f64; PLACES]>,
}

impl Arrivals {
    pub(super) fn new() -> Arrivals {
        Arrivals { window: Box::new([0; PLACES]), memory: Box::new([0.0; PLACES]) }
    }

    pub(super) fn count(&mut self, place: usize) {
        self.window[place] += 1;
    }

    /// Ends the window. After a jump of the load the old mix is no guide to the new one.
    pub(super) fn close(&mut self, jumped: bool) {
        let keep = if jumped { 0.0 } else { 1.0 - NEW };
        for (memory, window) in self.memory.iter_mut().zip(self.window.iter_mut()) {
            *memory = *memory * keep + f64::from(std::mem::take(window));
        }
    }

    /// The share of all that stand above this level.
    pub(super) fn share_above(&self, level: usize) -> f64 {
        let all: f64 = self.memory.iter().sum();
        if all > 0.0 { self.memory[..level].iter().sum::<f64>() / all } else { 1.0 }
    }

    /// The level above which this share of all stands, to the nearest place.
    pub(super) fn level_for(&self, share: f64) -> usize {
        let wanted = self.memory.iter().sum::<f64>() * share;
        let mut above = 0.0;
        for (place, came) in self.memory.iter().enumerate() {
            if above + came / 2.0 >= wanted {
                return place;
            }
            above += came;
        }
        PLACES
    }
}

/// A rate per second that follows slowly while chance explains what is seen, and at once when it does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    per_second: Option<f64>,
    /// What a new count weighs.
    new: f64,
}

impl Rate {
    pub(super) fn new(new: f64) -> Rate {
        Rate { per_second: None, new }
    }

    /// Takes in `count` events of `time`; true if the rate has jumped: more than three standard deviations of a
    /// Poisson count.
    pub(super) fn see(&mut self, count: u64, time: Duration) -> bool {
        let (count, seconds) = (count as f64, time.as_secs_f64().max(1e-6));
        let seen = count / seconds;
        let known = self.per_second.unwrap_or(seen);
        let expected = known * seconds;
        let jumped = self.per_second.is_none() || (count - expected).abs() > 3.0 * count.max(expected).sqrt();
        self.per_second = Some(if jumped { seen } else { known + (seen - known) * self.new });
        jumped
    }

    pub(super) fn get(self) -> Option<f64> {
        self.per_second
    }
}
