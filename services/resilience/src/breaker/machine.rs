//! The states of the breaker and what moves it between them.

use std::time::Duration;

use super::window::Window;
use super::{BreakerMode, BreakerPolicy, Open, Outcome, Permit, State};
use crate::policy::Span;

/// The epoch of a permit that no result counts for: a call that only `metrics_only` let through.
const NEVER: u64 = u64::MAX;

/// The breaker of one kind of call in one process.
#[derive(Debug)]
pub struct Breaker {
    policy: BreakerPolicy,
    phase: Phase,
    /// Grows with each transition; a permit of an earlier one no longer counts.
    epoch: u64,
    window: Window,
    /// Rounds of probes that have failed since it last was closed.
    failed_rounds: u32,
    transitions: Vec<(State, State)>,
}

#[derive(Debug)]
enum Phase {
    Closed,
    /// `draw` in `0..1` says how much of the jitter this opening has.
    Open {
        since: Duration,
        draw: f64,
    },
    HalfOpen(Round),
    ForcedOpen,
    Disabled,
}

/// One round of probes. Every probe is out or done; together they are never more than the rules allow.
#[derive(Debug, Default)]
struct Round {
    out: u32,
    done: u32,
    failed: u32,
    slow: u32,
    /// Since when no place has been left.
    full_since: Option<Duration>,
}

impl Breaker {
    pub fn new(policy: &BreakerPolicy) -> Breaker {
        let auto = BreakerPolicy { state: BreakerMode::Auto, ..*policy };
        let mut breaker = Breaker {
            policy: auto,
            phase: Phase::Closed,
            epoch: 0,
            window: Window::new(policy),
            failed_rounds: 0,
            transitions: Vec::new(),
        };
        breaker.reconfigure(policy);
        breaker
    }

    /// Takes a changed policy. State and window are kept; a window of the other kind starts empty, and a changed mode
    /// starts closed and empty.
    pub fn reconfigure(&mut self, policy: &BreakerPolicy) {
        let before = (self.policy.state, self.state());
        self.policy = *policy;
        self.window.reshape(policy);
        if policy.state != before.0 {
            self.restart(before.1);
        }
    }

    /// Begins anew, as after a time in which it was off: nothing was counted then, and what was before is old. Permits
    /// that are out stay good, and count no more.
    pub fn begin_anew(&mut self, policy: &BreakerPolicy) {
        let anew = Breaker::new(policy);
        *self = Breaker { epoch: self.epoch + 1, ..anew };
    }

    /// Asks to make a call. `draw` in `0..1` is the jitter of the opening that this call's result may cause.
    pub fn acquire(&mut self, now: Duration, draw: f64) -> Result<Permit, Open> {
        let leave = self.admit(now, draw);
        let epoch = match leave {
            Ok(()) => self.epoch,
            Err(_) if self.policy.state == BreakerMode::MetricsOnly => NEVER,
            Err(open) => return Err(open),
        };
        Ok(Permit { epoch, started: now, draw, counted: None })
    }

    fn admit(&mut self, now: Duration, draw: f64) -> Result<(), Open> {
        if let Phase::Open { since, draw } = self.phase {
            let (waited, wait) = (now.saturating_sub(since), self.open_for(draw));
            if waited < wait {
                return Err(Open { retry_after: wait - waited });
            }
            self.enter(Phase::HalfOpen(Round::default()));
        }
        // The policy may have changed since the last result.
        self.decide(now, draw);
        match &mut self.phase {
            Phase::Closed | Phase::Disabled => {}
            Phase::ForcedOpen => return Err(Open { retry_after: self.policy.open_for.get() }),
            Phase::Open { .. } => return Err(Open { retry_after: self.open_for(draw) }),
            Phase::HalfOpen(round) => {
                if round.out + round.done >= self.policy.half_open_calls {
                    let full = now.saturating_sub(*round.full_since.get_or_insert(now));
                    if self.policy.half_open_for.on().is_some_and(|limit| full >= limit.get()) {
                        self.reopen(now, draw);
                    }
                    return Err(Open { retry_after: self.open_for(draw) });
                }
                round.out += 1;
                if round.out + round.done == self.policy.half_open_calls {
                    round.full_since = Some(now);
                }
            }
        }
        Ok(())
    }

    /// The call is still running and has passed `slow_call_duration`: it counts as slow from now on. Once per call.
    pub fn slow(&mut self, permit: &mut Permit, now: Duration) {
        if permit.epoch != self.epoch || permit.counted.is_some() {
            return;
        }
        match &mut self.phase {
            Phase::Closed => permit.counted = Some(self.window.push(now, false, true)),
            Phase::HalfOpen(round) => {
                round.settle(false, true);
                permit.counted = Some(0);
            }
            _ => return,
        }
        self.decide(now, permit.draw);
    }

    /// The call has ended. One that began before the last transition changes nothing.
    pub fn record(&mut self, permit: Permit, now: Duration, outcome: Outcome) {
        if permit.epoch != self.epoch {
            return;
        }
        if outcome == Outcome::Ignored {
            return self.cancel(permit, now);
        }
        let failed = outcome == Outcome::Failure;
        let took = now.saturating_sub(permit.started);
        let slow = self.policy.slow_call_duration.on().is_some_and(|limit| took >= limit.get());
        match (&mut self.phase, permit.counted) {
            (Phase::Closed, None) => _ = self.window.push(now, failed, slow),
            (Phase::Closed, Some(number)) if failed => self.window.fail(number),
            (Phase::HalfOpen(round), None) => round.settle(failed, slow),
            (Phase::HalfOpen(round), Some(_)) => round.failed += u32::from(failed),
            _ => return,
        }
        self.decide(now, permit.draw);
    }

    /// The call was dropped unfinished. A probe gives its place back, unless it has counted as slow already.
    pub fn cancel(&mut self, permit: Permit, _now: Duration) {
        if permit.epoch != self.epoch || permit.counted.is_some() {
            return;
        }
        if let Phase::HalfOpen(round) = &mut self.phase {
            round.out -= 1;
            round.full_since = None;
        }
    }

    pub fn state(&self) -> State {
        match self.policy.state {
            BreakerMode::MetricsOnly => State::MetricsOnly,
            _ => self.phase.state(),
        }
    }

    /// The transitions since the last call of this, in order, as (from, to). With `metrics_only` they are the ones that
    /// would have been made.
    pub fn take_transitions(&mut self) -> Vec<(State, State)> {
        std::mem::take(&mut self.transitions)
    }

    /// Opens or closes when the results so far leave no other way.
    fn decide(&mut self, now: Duration, draw: f64) {
        let policy = &self.policy;
        match &self.phase {
            Phase::Closed => {
                self.window.expire(now);
                let seen = self.window.seen();
                let enough = seen.calls >= policy.minimum().max(1);
                let sick = reached(seen.failed, seen.calls, policy.failure_rate)
                    || reached(seen.slow, seen.calls, policy.slow_call_rate);
                if enough && sick {
                    self.enter(Phase::Open { since: now, draw });
                }
            }
            Phase::HalfOpen(round) => {
                let probes = policy.half_open_calls.max(1);
                if reached(round.failed, probes, policy.failure_rate)
                    || reached(round.slow, probes, policy.slow_call_rate)
                {
                    self.reopen(now, draw);
                } else if round.done >= probes {
                    self.failed_rounds = 0;
                    self.enter(Phase::Closed);
                }
            }
            Phase::Open { .. } | Phase::ForcedOpen | Phase::Disabled => {}
        }
    }

    fn reopen(&mut self, now: Duration, draw: f64) {
        self.failed_rounds = self.failed_rounds.saturating_add(1);
        self.enter(Phase::Open { since: now, draw });
    }

    /// Begins anew in the mode of the policy.
    fn restart(&mut self, shown: State) {
        self.phase = match self.policy.state {
            BreakerMode::Auto | BreakerMode::MetricsOnly => Phase::Closed,
            BreakerMode::ForcedOpen => Phase::ForcedOpen,
            BreakerMode::Disabled => Phase::Disabled,
        };
        self.failed_rounds = 0;
        self.transitions.push((shown, self.state()));
        self.epoch += 1;
        self.window.clear();
    }

    fn enter(&mut self, phase: Phase) {
        self.transitions.push((self.phase.state(), phase.state()));
        self.epoch += 1;
        self.window.clear();
        self.phase = phase;
    }

    /// How long an opening lasts. Jitter only makes it longer: nothing is sent before `open_for` is over (I13).
    fn open_for(&self, draw: f64) -> Duration {
        let BreakerPolicy { open_for: Span(base), open_cap: Span(cap), open_factor, .. } = self.policy;
        let seconds = base.as_secs_f64() * open_factor.max(1.0).powi(self.failed_rounds.min(1_000) as i32);
        let cap = cap.max(base);
        let grown = if seconds < cap.as_secs_f64() { Duration::from_secs_f64(seconds) } else { cap };
        match self.policy.open_jitter {
            jitter if jitter > 0.0 => {
                grown.saturating_add(grown.mul_f64(jitter.min(1.0) * draw.clamp(0.0, 1.0)))
            }
            _ => grown,
        }
    }
}

impl Phase {
    fn state(&self) -> State {
        match self {
            Phase::Closed => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen(_) => State::HalfOpen,
            Phase::ForcedOpen => State::ForcedOpen,
            Phase::Disabled => State::Disabled,
        }
    }
}

impl Round {
    fn settle(&mut self, failed: bool, slow: bool) {
        self.out -= 1;
        self.done += 1;
        self.failed += u32::from(failed);
        self.slow += u32::from(slow);
    }
}

/// Whether `count` of `calls` is at least `rate`; the tolerance keeps 30 % of 100 from being 30.000000000000004.
fn reached(count: u32, calls: u32, rate: f64) -> bool {
    count > 0 && f64::from(count) >= rate * f64::from(calls) - 1e-9
}
