//! Triggers that are more than one fault: a fault that comes back, and a surge of users, which is no fault at all.
//! Both in the form of the file and, since neither needs filling in but its times, in the form of the plan.

use std::time::Duration;

use fault::{Effect, Kill};
use resilience::policy::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::{Fault, Plan};
use crate::time::word;

/// Between the end of the baseline and the surge: the schedule is drawn before the run starts, so the surge does not
/// wait for a baseline that is proven late.
const SURGE_ROOM: Duration = Duration::from_secs(3);

/// A fault comes back: so many rounds, whose beginnings are `every` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// From the beginning of a round to that of the next. Longer than the fault's `for`.
    #[serde(with = "word")]
    #[schemars(with = "Span")]
    pub every: Duration,
    /// Rounds in all, the first one included.
    #[schemars(range(min = 2, max = 60))]
    pub times: u32,
}

/// More users, all at once: every journey's rate climbs evenly to `factor` times itself, stays, and falls back at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Surge {
    /// At its height, times the journeys' own rates.
    #[schemars(range(max = 100), extend("exclusiveMinimum" = 1))]
    pub factor: f64,
    /// How long it climbs.
    #[serde(with = "word")]
    #[schemars(with = "Span")]
    pub over: Duration,
    /// From its beginning to its end, the climb included.
    #[serde(rename = "for", with = "word")]
    #[schemars(with = "Span")]
    pub length: Duration,
}

/// From when on an order that was charged twice is held against the shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DoublesFrom {
    /// Any order of the run.
    #[default]
    Start,
    /// Orders begun after the candidate's last change of policy was in force; if there was none, after the handover.
    /// What was charged twice before stays charged, and no policy gives it back.
    LastChange,
}

impl Surge {
    /// Mean of the factor over the time from `from` to `to` after its beginning.
    #[must_use]
    pub fn mean_factor(&self, from: Duration, to: Duration) -> f64 {
        let (from, to) = (from.as_secs_f64(), to.as_secs_f64());
        if to <= from { 1.0 } else { (self.area(to) - self.area(from)) / (to - from) }
    }

    /// Integral of the factor from the beginning, in seconds.
    fn area(&self, t: f64) -> f64 {
        let (over, length) = (self.over.as_secs_f64(), self.length.as_secs_f64());
        let more = self.factor - 1.0;
        let on = t.min(length);
        let climbing = on.min(over);
        let climbed = if over > 0.0 { more * climbing * climbing / (2.0 * over) } else { 0.0 };
        t + climbed + more * (on - climbing)
    }
}

impl Repeat {
    /// As many rounds as it takes to last until `until` after the first one's beginning; never fewer.
    #[must_use]
    pub(crate) fn lasting(self, until: Duration) -> Repeat {
        let needed = until.as_secs_f64() / self.every.as_secs_f64().max(f64::MIN_POSITIVE);
        Repeat { times: self.times.max(needed.ceil() as u32), ..self }
    }
}

impl Fault {
    /// After t0: the beginning of every round; one, unless it comes back.
    pub fn rounds(&self) -> impl Iterator<Item = Duration> + use<> {
        let (at, every) = (self.at, self.repeat.map_or(Duration::ZERO, |repeat| repeat.every));
        (0..self.repeat.map_or(1, |repeat| repeat.times)).map(move |round| at + every * round)
    }

    /// Whether it is over as soon as it is there: what comes after a kill without `every` is silence.
    #[must_use]
    pub fn strikes_once(&self) -> bool {
        self.repeat.is_none() && matches!(self.spec.effect, Effect::Kill(Kill { every: None }))
    }

    /// The name of a round: each is a fault of its own to those who deliver and measure it.
    #[must_use]
    pub fn round_id(&self, round: usize) -> String {
        if round == 0 { self.id.clone() } else { format!("{}-{}", self.id, round + 1) }
    }

    /// After t0: the end of its last round.
    #[must_use]
    pub fn ends_at(&self) -> Duration {
        self.rounds().last().unwrap_or(self.at) + self.length
    }
}

impl Plan {
    /// After the load's own zero: t0, if the baseline is proven in its time.
    #[must_use]
    pub fn zero(&self) -> Duration {
        if self.load.surge.is_some() { self.surge_at() } else { self.baseline.length }
    }

    /// After the load's own zero: when the surge of a drill that has one begins, and with it t0.
    #[must_use]
    pub fn surge_at(&self) -> Duration {
        self.baseline.length + SURGE_ROOM
    }

    /// The surges of the run by their beginnings after the load's own zero. That of the replay is among them if a script
    /// plays; when a person's will be, nobody knows yet.
    #[must_use]
    pub fn surges(&self) -> Vec<(Duration, Surge)> {
        let Some(surge) = self.load.surge else { return Vec::new() };
        let again = Surge { length: self.replay.length, ..surge };
        let replay = self.candidate.as_ref().map(|_| (self.surge_at() + self.replay_at(), again));
        [(self.surge_at(), surge)].into_iter().chain(replay).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_surge_climbs_stays_and_falls_back() {
        let surge = Surge { factor: 5.0, over: 10 * SECOND, length: 30 * SECOND };
        let mean = |from: u32, to: u32| surge.mean_factor(from * SECOND, to * SECOND);
        assert!((mean(0, 10) - 3.0).abs() < 1e-9, "half-way up on average");
        assert!((mean(10, 30) - 5.0).abs() < 1e-9);
        assert!((mean(30, 60) - 1.0).abs() < 1e-9);
        assert!((mean(20, 40) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn what_comes_back_lasts_as_long_as_it_must_and_never_less() {
        let repeat = Repeat { every: 30 * SECOND, times: 4 };
        let times = |until: u32| repeat.lasting(until * SECOND).times;
        assert_eq!((times(60), times(120), times(121), times(900)), (4, 4, 5, 30));
    }

    #[test]
    fn a_surge_without_a_climb_is_a_step() {
        let surge = Surge { factor: 5.0, over: Duration::ZERO, length: 30 * SECOND };
        assert!((surge.mean_factor(Duration::ZERO, SECOND) - 5.0).abs() < 1e-9);
    }
}
