//! The states of the breaker and what moves it between them.

use std::time::Duration;

use super::window::Window;
use crate::policy::BreakerMode;

/// When it opens, for how long, and how it closes again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerRules {
    /// Calls looked at.
    pub window: u32,
    /// It never opens on fewer calls than these.
    pub minimum_calls: u32,
    /// Share of failed calls at which it opens, in (0, 1].
    pub failure_rate: f64,
    /// Share of slow calls at which it opens, in (0, 1].
    pub slow_call_rate: f64,
    /// A call is slow from here on; none = never. The owner of the timer calls [`Breaker::slow`] then.
    pub slow_call_duration: Option<Duration>,
    pub open_for: Duration,
    /// Growth of `open_for` with each failed round of probes, at least 1.
    pub open_factor: f64,
    /// The longest it stays open, when it grows.
    pub open_cap: Duration,
    /// Probes per round, exactly.
    pub half_open_calls: u32,
    /// A round whose probes are all out and undecided for so long has failed.
    pub half_open_for: Option<Duration>,
    pub mode: BreakerMode,
}

/// What a metric or a person sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Closed,
    Open,
    HalfOpen,
    ForcedOpen,
    Disabled,
}

impl State {
    pub const ALL: [State; 5] =
        [State::Closed, State::Open, State::HalfOpen, State::ForcedOpen, State::Disabled];

    /// The value of the label `state`.
    pub fn name(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half_open",
            State::ForcedOpen => "forced_open",
            State::Disabled => "disabled",
        }
    }
}

/// How a call ended, in the breaker's eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    Failure,
    /// Says nothing about the callee's health: a limit refused it (429, RESOURCE_EXHAUSTED), or the caller was wrong.
    /// It never closes a breaker, and gives a probe back.
    Ignored,
}

/// The breaker refuses the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// When it may be worth asking again; exact while Open, a hint while HalfOpen or ForcedOpen.
    pub retry_after: Duration,
}

/// The right to make one call. It must come back, through [`Breaker::record`] or [`Breaker::cancel`]: a probe that is
/// lost would keep its place.
#[derive(Debug)]
#[must_use = "a permit goes back through record or cancel"]
pub struct Permit {
    epoch: u64,
    started: Duration,
    /// Counted as slow before its end; in a window, under this number.
    counted: Option<u64>,
}

/// The breaker of one kind of call in one process.
#[derive(Debug)]
pub struct Breaker {
    rules: BreakerRules,
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
    Open { since: Duration },
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
    pub fn new(rules: &BreakerRules) -> Breaker {
        let mut breaker = Breaker {
            rules: *rules,
            phase: Phase::Closed,
            epoch: 0,
            window: Window::new(rules.window),
            failed_rounds: 0,
            transitions: Vec::new(),
        };
        breaker.reconfigure(rules);
        breaker
    }

    /// Takes changed rules. State and window are kept, unless the mode changes: back to `auto` is Closed, and empty.
    pub fn reconfigure(&mut self, rules: &BreakerRules) {
        self.rules = *rules;
        self.window.resize(rules.window);
        let forced = matches!(self.phase, Phase::ForcedOpen | Phase::Disabled);
        match rules.mode {
            BreakerMode::ForcedOpen => self.enter(Phase::ForcedOpen),
            BreakerMode::Disabled => self.enter(Phase::Disabled),
            BreakerMode::Auto if forced => self.close(),
            BreakerMode::Auto => {}
        }
    }

    /// Asks to make a call.
    pub fn acquire(&mut self, now: Duration) -> Result<Permit, Open> {
        if let Phase::Open { since } = self.phase {
            let waited = now.saturating_sub(since);
            if waited < self.open_for() {
                return Err(Open { retry_after: self.open_for() - waited });
            }
            self.enter(Phase::HalfOpen(Round::default()));
        }
        // The rules may have changed since the last result.
        self.decide(now);
        match &mut self.phase {
            Phase::Closed | Phase::Disabled => {}
            Phase::ForcedOpen => {
                return Err(Open { retry_after: self.rules.open_for });
            }
            Phase::Open { .. } => {
                return Err(Open { retry_after: self.open_for() });
            }
            Phase::HalfOpen(round) => {
                if round.out + round.done >= self.rules.half_open_calls {
                    let full = now.saturating_sub(*round.full_since.get_or_insert(now));
                    if self.rules.half_open_for.is_some_and(|limit| full >= limit) {
                        self.reopen(now);
                    }
                    return Err(Open { retry_after: self.open_for() });
                }
                round.out += 1;
                if round.out + round.done == self.rules.half_open_calls {
                    round.full_since = Some(now);
                }
            }
        }
        Ok(Permit { epoch: self.epoch, started: now, counted: None })
    }

    /// The call is still running and has passed `slow_call_duration`: it counts as slow from now on. Once per call.
    pub fn slow(&mut self, permit: &mut Permit, now: Duration) {
        if permit.epoch != self.epoch || permit.counted.is_some() {
            return;
        }
        match &mut self.phase {
            Phase::Closed => permit.counted = Some(self.window.push(false, true)),
            Phase::HalfOpen(round) => {
                round.settle(false, true);
                permit.counted = Some(0);
            }
            _ => return,
        }
        self.decide(now);
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
        let slow = self.rules.slow_call_duration.is_some_and(|limit| took >= limit);
        match (&mut self.phase, permit.counted) {
            (Phase::Closed, None) => _ = self.window.push(failed, slow),
            (Phase::Closed, Some(number)) if failed => self.window.fail(number),
            (Phase::HalfOpen(round), None) => round.settle(failed, slow),
            (Phase::HalfOpen(round), Some(_)) => round.failed += u32::from(failed),
            _ => return,
        }
        self.decide(now);
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
        self.phase.state()
    }

    /// The transitions since the last call of this, in order, as (from, to).
    pub fn take_transitions(&mut self) -> Vec<(State, State)> {
        std::mem::take(&mut self.transitions)
    }

    /// Opens or closes when the results so far leave no other way.
    fn decide(&mut self, now: Duration) {
        let rules = &self.rules;
        match &self.phase {
            Phase::Closed => {
                let calls = self.window.calls();
                let enough = calls >= rules.minimum_calls.max(1);
                let sick = reached(self.window.failed(), calls, rules.failure_rate)
                    || reached(self.window.slow(), calls, rules.slow_call_rate);
                if enough && sick {
                    self.enter(Phase::Open { since: now });
                }
            }
            Phase::HalfOpen(round) => {
                let probes = rules.half_open_calls.max(1);
                if reached(round.failed, probes, rules.failure_rate)
                    || reached(round.slow, probes, rules.slow_call_rate)
                {
                    self.reopen(now);
                } else if round.done >= probes {
                    self.close();
                }
            }
            Phase::Open { .. } | Phase::ForcedOpen | Phase::Disabled => {}
        }
    }

    fn reopen(&mut self, now: Duration) {
        self.failed_rounds = self.failed_rounds.saturating_add(1);
        self.enter(Phase::Open { since: now });
    }

    fn close(&mut self) {
        self.failed_rounds = 0;
        self.enter(Phase::Closed);
    }

    fn enter(&mut self, phase: Phase) {
        let (from, to) = (self.phase.state(), phase.state());
        if from == to {
            return;
        }
        self.transitions.push((from, to));
        self.epoch += 1;
        self.window.clear();
        self.phase = phase;
    }

    /// How long the present opening lasts.
    fn open_for(&self) -> Duration {
        let rules = &self.rules;
        let seconds = rules.open_for.as_secs_f64()
            * rules.open_factor.max(1.0).powi(self.failed_rounds.min(1_000) as i32);
        let cap = rules.open_cap.max(rules.open_for);
        if seconds < cap.as_secs_f64() { Duration::from_secs_f64(seconds) } else { cap }
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
