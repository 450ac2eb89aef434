//! How many workers may run at once, as learned from the time in the handler. The machine is the caller's; this file
//! tells it how each run ended, and the pool what it learned.
//!
//! An answer is a sample. A run that its deadline ended, or that answers 504, is a drop. Any other failure is no sample,
//! nor is the work of a caller that has left. There is nothing to refuse here: whoever gets no worker queues.
//!
//! Off, it costs a load of an atomic for each start and each end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use prometheus::IntGaugeVec;
use resilience::concurrency::{Concurrency, Limiter, Mix, Outcome, Permit};

use crate::metrics::POOL;

/// The limiter of a pool.
pub(super) struct Learned {
    on: AtomicBool,
    /// Kept when the policy turns it off: permits that are out must come back
    /// to the machine that gave them.
    machine: Mutex<Option<Machine>>,
    shown: IntGaugeVec,
}

struct Machine {
    limiter: Limiter,
    /// The methods share the workers, and take as long as they like.
    mix: Mix,
}

impl Learned {
    pub(super) fn new(shown: IntGaugeVec) -> Self {
        Self { on: AtomicBool::new(false), machine: Mutex::default(), shown }
    }

    /// Takes the policy in force. Returns the limit; none = all workers may run.
    pub(super) fn configure(&self, rules: Option<&Concurrency>, now: Duration) -> Option<u32> {
        let mut machine = self.machine();
        let was_on = self.on.swap(rules.is_some(), Ordering::Relaxed);
        let Some(rules) = rules else {
            let _ = self.shown.remove_label_values(&[POOL]);
            return None;
        };
        match &mut *machine {
            Some(machine) if was_on => machine.limiter.reconfigure(rules, now),
            Some(machine) => {
                machine.limiter.restart(rules, now);
                machine.mix = Mix::default();
            }
            none => *none = Some(Machine { limiter: Limiter::new(rules, now), mix: Mix::default() }),
        }
        machine.as_ref().map(|machine| self.show(&machine.limiter))
    }

    /// A worker begins. Those that began while it was off are none of its samples.
    pub(super) fn begin(&self, now: Duration) -> Option<Permit> {
        if !self.on.load(Ordering::Relaxed) {
            return None;
        }
        self.machine().as_mut().map(|machine| machine.limiter.acquire(now))
    }

    /// A worker has ended a run of this class. Returns the limit if it has changed.
    pub(super) fn end(
        &self,
        permit: Option<Permit>,
        class: &str,
        now: Duration,
        outcome: Outcome,
    ) -> Option<u32> {
        let permit = permit?;
        self.change(|Machine { limiter, mix }| {
            limiter.release_as(permit, now, outcome, |latency| mix.fair(class, latency));
        })
    }

    /// Time goes on, while workers may hang. Returns the limit if it has changed.
    pub(super) fn passed(&self, now: Duration) -> Option<u32> {
        if !self.on.load(Ordering::Relaxed) {
            return None;
        }
        self.change(|machine| machine.limiter.tick(now))
    }

    fn change(&self, act: impl FnOnce(&mut Machine)) -> Option<u32> {
        let mut machine = self.machine();
        let machine = machine.as_mut()?;
        let before = machine.limiter.limit();
        act(machine);
        let changed = machine.limiter.limit() != before && self.on.load(Ordering::Relaxed);
        changed.then(|| self.show(&machine.limiter))
    }

    fn show(&self, limiter: &Limiter) -> u32 {
        self.shown.with_label_values(&[POOL]).set(i64::from(limiter.limit()));
        limiter.limit()
    }

    fn machine(&self) -> MutexGuard<'_, Option<Machine>> {
        self.machine.lock().expect("no panic in a state machine")
    }
}
