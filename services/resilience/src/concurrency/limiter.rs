//! The limiter: counts what is in flight, cuts time into windows, and lets the algorithm change the limit after each.
//!
//! It never waits: a waiting room in front of a limit is a queue that nobody sees. Three rules keep its samples honest:
//!
//! - Only calls that *started under the present limit* are samples (Envoy's rule too: envoy#11579). A window is as long
//!   as a call here, and results of the last limit, taken for those of this one, make the gradients oscillate.
//! - A call that is given up sooner than calls may take says nothing: an attempt that had 5 ms left of its deadline
//!   is no verdict on the callee.
//! - A window in which *nothing comes back* is a sample as well, once the calls in flight are older on average than
//!   any that was answered of late. Otherwise a callee that hangs for 30 s without a timeout is not noticed for 30 s.

use std::time::Duration;

use super::config::Concurrency;
use super::estimator::Estimator;
use super::window::{Sample, Window};

/// A window goes on until it has so many calls (Netflix), or as many as the limit if that is lower.
const ENOUGH: u32 = 10;
/// But no longer than so many windows, if there is any call in it.
const PATIENCE: u32 = 10;
/// What is left of the usual latency with each call that is given up before it. Callers who lose patience sooner than
/// the callee ever answered must not blind the limiter.
const DOUBT: f64 = 0.95;

/// The calls of one kind, or the workers of one pool. The owner gives back every permit, exactly once, also of a call
/// that is dropped.
#[derive(Debug)]
pub struct Limiter {
    rules: Concurrency,
    estimator: Estimator,
    limit: f64,
    /// Since when the limit is what it is.
    changed: Duration,
    pub(super) in_flight: u32,
    /// Start times of all in flight, summed up: their mean age without a list of them.
    pub(super) starts: Duration,
    window: Window,
    /// The longest latency, in seconds, in the window in which calls were last answered.
    pub(super) usual: Option<f64>,
}

/// Leave for one call.
#[derive(Debug)]
#[must_use = "a permit that is not given back is a call that never ends"]
pub struct Permit {
    pub(super) started: Duration,
}

/// How a call ended, for the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered, with success: its latency is a sample.
    Answered,
    /// The time that the policy gives it was out before it was answered: a drop.
    TimedOut,
    /// The callee refused it for want of room (503, 429): a drop.
    Refused,
    /// Nobody waits for it any more: its caller has left, or a deadline of the whole request has passed. That it took so
    /// long already is a sample, if that is longer than usual.
    GivenUp,
    /// It failed in a way that says nothing about room: no sample. A failure is often fast, and would be learned as
    /// the least latency there is.
    Failed,
}

impl Limiter {
    pub fn new(rules: &Concurrency, now: Duration) -> Limiter {
        Limiter {
            rules: *rules,
            estimator: Estimator::new(rules.algorithm),
            limit: rules.bounded(f64::from(rules.initial)),
            changed: now,
            in_flight: 0,
            starts: Duration::ZERO,
            window: Window::new(now, 0),
            usual: None,
        }
    }

    /// Takes changed rules. What was learned is kept, within the new bounds, as long as the algorithm is the same;
    /// another begins at `initial`. What is in flight stays so.
    pub fn reconfigure(&mut self, rules: &Concurrency, now: Duration) {
        // Most changes of a policy are of something else, and no reason to throw away what the window has gathered.
        if *rules == self.rules {
            return;
        }
        if rules.algorithm != self.rules.algorithm {
            return self.restart(rules, now);
        }
        self.rules = *rules;
        self.set(rules.bounded(self.limit), now);
    }

    /// Forgets what was learned, as after a time in which it was off; permits that are out stay good.
    pub fn restart(&mut self, rules: &Concurrency, now: Duration) {
        let (in_flight, starts) = (self.in_flight, self.starts);
        *self =
            Limiter { in_flight, starts, window: Window::new(now, in_flight), ..Limiter::new(rules, now) };
    }

    /// Leave for a call that begins now; none = it is refused, and there is nothing to give back.
    pub fn try_acquire(&mut self, now: Duration) -> Option<Permit> {
        self.tick(now);
        (self.in_flight < self.limit()).then(|| self.acquire(now))
    }

    /// Leave without a question, for an owner that holds the limit in another way: a pool that has no more workers.
    pub fn acquire(&mut self, now: Duration) -> Permit {
        self.in_flight += 1;
        self.starts += now;
        self.window.saw(self.in_flight);
        Permit { started: now }
    }

    /// A call has ended.
    pub fn release(&mut self, permit: Permit, now: Duration, outcome: Outcome) {
        self.release_as(permit, now, outcome, |latency| latency);
    }

    /// The same; if its latency is a sample, it counts as `fair` says (see [`super::Mix`]).
    pub fn release_as(
        &mut self,
        permit: Permit,
        now: Duration,
        outcome: Outcome,
        fair: impl FnOnce(Duration) -> Duration,
    ) {
        debug_assert!(self.in_flight > 0, "more permits came back than were given");
        self.in_flight = self.in_flight.saturating_sub(1);
        self.starts = self.starts.saturating_sub(permit.started);
        let age = now.saturating_sub(permit.started);
        if permit.started >= self.changed {
            match outcome {
                Outcome::Answered => self.window.answered(age, fair(age), now),
                Outcome::TimedOut | Outcome::Refused => self.window.dropped(now),
                Outcome::GivenUp => self.given_up(age, now),
                Outcome::Failed => {}
            }
        }
        self.tick(now);
    }

    /// Ends the window if it is over. Every other method does so; an owner that asks for [`Limiter::limit`] while
    /// nothing starts and nothing ends calls it first.
    pub fn tick(&mut self, now: Duration) {
        let open = now.saturating_sub(self.window.since());
        if open < self.rules.window() {
            return;
        }
        let Some(sample) = self.sample(now, open) else {
            return;
        };
        let mut next = self.estimator.next(&self.rules, self.limit, &sample, now);
        if sample.answered.is_none() {
            // Nobody was answered: no reason to ask for more.
            next = next.min(self.limit);
        }
        self.usual = self.window.longest().or(self.usual);
        self.set(next, now);
    }

    /// Calls that may be in flight.
    pub fn limit(&self) -> u32 {
        self.limit as u32
    }

    /// Calls that are.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    fn given_up(&mut self, age: Duration, now: Duration) {
        match &mut self.usual {
            Some(usual) if age.as_secs_f64() < *usual => *usual *= DOUBT,
            _ => self.window.given_up(age, now),
        }
    }

    fn sample(&self, now: Duration, open: Duration) -> Option<Sample> {
        let calls = self.window.calls();
        if calls >= ENOUGH.min(self.limit()) || (calls > 0 && open >= self.rules.window() * PATIENCE) {
            return self.window.sample();
        }
        if calls > 0 || self.in_flight == 0 {
            return None;
        }
        let age = now.saturating_sub(self.starts / self.in_flight).as_secs_f64();
        (age > self.usual?).then_some(Sample {
            latency: Some(age),
            answered: None,
            dropped: 0.0,
            in_flight: self.in_flight,
        })
    }

    fn set(&mut self, limit: f64, now: Duration) {
        if limit as u32 != self.limit() {
            self.changed = now;
        }
        self.limit = limit;
        self.window = Window::new(now, self.in_flight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concurrency::Algorithm;

    fn aimd() -> Concurrency {
        Concurrency { algorithm: Algorithm::Aimd, ..Concurrency::default() }
    }

    /// The limit after a window of refusals, with a change of the policy before each.
    fn limit_after(change: impl Fn(&mut Limiter, Duration)) -> u32 {
        let mut limiter = Limiter::new(&aimd(), Duration::ZERO);
        let at = Duration::from_millis;
        let permits: Vec<_> = (0..20).map(|_| limiter.try_acquire(at(0)).expect("20 may be open")).collect();
        for (index, permit) in permits.into_iter().enumerate() {
            change(&mut limiter, at(5 * index as u64));
            limiter.release(permit, at(5 * index as u64 + 5), Outcome::Refused);
        }
        limiter.tick(at(106));
        limiter.limit()
    }

    #[test]
    fn a_change_of_something_else_leaves_the_window_alone() {
        let untouched = limit_after(|_, _| {});
        assert_ne!(untouched, 20, "the window is over, and had something to say");
        assert_eq!(limit_after(|limiter, now| limiter.reconfigure(&aimd(), now)), untouched);
    }
}
