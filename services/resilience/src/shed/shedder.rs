//! The admit level: above it everybody is let in, below it nobody.
//!
//! ```text
//!   critical          high              normal            low
//!   0 .......... 15 | 0 .......... 15 | 0 .......... 15 | 0 .......... 15     cohort
//!   ----------- let in -----------------------> | <------- refused -------
//!                                             level
//! ```
//!
//! DAGOR's windows, its sign of overload and its steps up. Its step down (5 % fewer than were let in) is taken from
//! what the workers *did*, and is not repeated while the queue it fights is draining. As published, the level falls on
//! for as long as the old queue is there, far below what the service can do, and takes 1 % a window to come back: at
//! twice the load with four equal classes the second class gets 83 to 86 % (simulated: 200 workers, 100 ms, Poisson),
//! here over 98 %. The price is a queue that drains more slowly, for seconds after the load has come.

use std::time::Duration;

use super::config::Shed;
use super::standing::Standing;
use super::window::{Arrivals, NEW, PLACES, PLACES_OF_A_CLASS, Rate, place};

/// In how many windows a queue is to drain, if `down` allows. A queue is partly chance: in a service that is just full
/// it wanders by tens of milliseconds, and answering each of its moves costs more than it saves.
const DRAIN: f64 = 16.0;

/// An overloaded pool that seems to be less busy than this is one whose work has not been counted yet.
const LEAST_BUSY: f64 = 0.25;

/// What a new window adds to the knowledge of what the workers can do. More than of who comes: it changes as the mix of
/// those does who are let in, quick ones and slow ones.
const NEW_CAPACITY: f64 = 0.25;

/// What the pool shows at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// Requests that workers have started, since ever.
    pub started: u64,
    /// How long all of these waited, in seconds.
    pub waited: f64,
    /// Requests that wait now.
    pub queued: usize,
    /// Worker-seconds spent on requests, since ever.
    pub busy: f64,
    /// Workers that may be busy now. Counted as the policy's workers while a learned limit lets fewer of them run, the pool
    /// would never seem to be full, and able to do much more than it can.
    pub slots: u32,
}

/// Decides who is let in.
#[derive(Debug)]
pub struct Shedder {
    rules: Shed,
    /// Places that are let in, of [`PLACES`].
    level: usize,
    arrivals: Arrivals,
    came: u64,
    began: Duration,
    seen: Seen,
    /// Requests that come, and that the workers can do.
    load: Rate,
    capacity: Rate,
}

impl Shedder {
    /// Open to everybody. `seen` is the pool at `now`.
    pub fn new(rules: Shed, now: Duration, seen: Seen) -> Shedder {
        Shedder {
            rules,
            level: PLACES,
            arrivals: Arrivals::new(),
            came: 0,
            began: now,
            seen,
            load: Rate::new(NEW),
            capacity: Rate::new(NEW_CAPACITY),
        }
    }

    /// Takes changed rules; the level stays.
    pub fn reconfigure(&mut self, rules: Shed) {
        self.rules = rules;
    }

    /// Whether a request is let in. `draw` is a number that all calls of the request share; `seen` is asked once a
    /// window.
    pub fn admits(
        &mut self,
        now: Duration,
        standing: Standing,
        draw: u8,
        seen: impl FnOnce() -> Seen,
    ) -> bool {
        let passed = now.saturating_sub(self.began);
        if passed >= self.rules.window.get() || self.came >= u64::from(self.rules.requests) {
            self.judge(passed, seen());
            self.began = now;
        }
        let place = place(standing, draw);
        self.came += 1;
        self.arrivals.count(place);
        place < self.level
    }

    /// How many classes are let in: 5 = all, 2.5 = critical, high and half of normal.
    pub fn level(&self) -> f64 {
        self.level as f64 / PLACES_OF_A_CLASS as f64
    }

    fn judge(&mut self, passed: Duration, seen: Seen) {
        let before = std::mem::replace(&mut self.seen, seen);
        let started = seen.started.saturating_sub(before.started);
        let came = std::mem::take(&mut self.came);
        // A pause says nothing about who comes after it.
        if came > 0 {
            let jumped = self.load.see(came, passed);
            self.arrivals.close(jumped);
        }
        let target = self.rules.target.get().as_secs_f64();
        // A pool that starts nobody has no waits to show: what waits there waits for ever.
        let wait = match started {
            0 if seen.queued > 0 => f64::INFINITY,
            0 => 0.0,
            started => (seen.waited - before.waited).max(0.0) / started as f64,
        };
        if wait > target {
            // What they did is what they can if all that may be were busy all the time; else they can more by as much.
            let worked = (seen.busy - before.busy) / f64::from(seen.slots.max(1));
            self.capacity.see(
                started,
                passed.mul_f64((worked / passed.as_secs_f64().max(1e-6)).clamp(LEAST_BUSY, 1.0)),
            );
            self.lower(seen.queued as f64, target);
        } else if wait <= target / 2.0 {
            self.raise(passed);
        }
    }

    /// As many as the workers can do, less what drains the queue.
    fn lower(&mut self, queued: f64, target: f64) {
        let (Some(capacity), Some(load)) = (self.capacity.get(), self.load.get()) else { return };
        let excess = (queued - capacity * target).max(0.0) / DRAIN / self.rules.window.get().as_secs_f64();
        let wanted = capacity - excess.min(capacity * self.rules.down);
        let share = if load > 0.0 { wanted / load } else { 1.0 };
        self.level = self.level.min(self.arrivals.level_for(share));
    }

    /// A share more of what comes, for each window that has passed: where nobody comes, nobody judges.
    fn raise(&mut self, passed: Duration) {
        let windows = (passed.as_secs_f64() / self.rules.window.get().as_secs_f64()).max(1.0);
        let share = self.arrivals.share_above(self.level) + self.rules.up * windows;
        self.level =
            if share >= 1.0 { PLACES } else { self.level.max(self.arrivals.level_for(share).max(1)) };
    }
}
