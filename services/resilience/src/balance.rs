//! Which instance of a target an attempt goes to: in turn, or the better of two.
//!
//! `p2c` is the power of two choices (Mitzenmacher 2001) on the load of linkerd2-proxy and Finagle: peak-EWMA latency
//! x (attempts under way + 1). The estimate jumps up with a slow answer and comes down over `decay`, also while nothing
//! is heard. Beyond them, what is under way counts by its age: a frozen instance answers nothing that an average could
//! learn from, but its silence is already longer than its latency.
//!
//! Left out: who is ejected ([`crate::outlier`]), and the connection itself. Draws are arguments.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::{Setting, Span};

/// How the instances of a target share its calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Balance {
    /// `round_robin`: each in turn, whatever they do. `p2c`: the less loaded of two that are drawn. Default
    /// `round_robin`.
    pub choice: Choice,
    /// How long a slow answer is held against an instance: its weight falls to 1/e in this time. Only of `p2c`. Default
    /// 10s, as linkerd2's.
    pub decay: Span,
    /// A failure counts as an answer that took this long (or as long as its Retry-After says). `off`: a failure counts
    /// as long as it took, so an instance that fails in a millisecond attracts the load. Only of `p2c`. Default 5s, as
    /// linkerd2's.
    pub failure_penalty: Setting<Span>,
    /// What an instance counts as that was never measured. Only of `p2c`. Default 1s, as linkerd2's.
    pub default_latency: Span,
}

/// Who decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Choice {
    #[default]
    RoundRobin,
    P2c,
}

impl Default for Balance {
    fn default() -> Balance {
        Balance {
            choice: Choice::RoundRobin,
            decay: Span::seconds(10),
            failure_penalty: Setting::On(Span::seconds(5)),
            default_latency: Span::seconds(1),
        }
    }
}

/// A Retry-After beyond this is not believed (linkerd2's cap).
const LONGEST_PENALTY: Duration = Duration::from_secs(300);

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Answered,
    /// With the wait that the callee named, if it did.
    Failed(Option<Duration>),
    /// Nobody waits for it any more, or it was refused on our side: it says nothing of the instance, unless it took longer
    /// already than what is known of it.
    Dropped,
}

/// The instances of one target as one kind of call sees them, by name.
#[derive(Debug, Default)]
pub struct Balancer {
    rules: Balance,
    turn: usize,
    loads: BTreeMap<String, Load>,
}

/// What is known of one instance.
#[derive(Clone, Copy, Debug)]
struct Load {
    /// An attempt that began earlier was made to another process of the same name.
    since: Duration,
    /// Peak EWMA, seconds, as of `heard`.
    latency: f64,
    heard: Duration,
    pending: u32,
    /// Of the attempts under way, in seconds: their mean age is `now - sum / pending`.
    sum_of_starts: f64,
}

impl Balancer {
    pub fn new(rules: &Balance) -> Balancer {
        Balancer { rules: rules.clone(), ..Balancer::default() }
    }

    /// A changed policy; what is known of the instances stays.
    pub fn configure(&mut self, rules: &Balance) {
        self.rules = rules.clone();
    }

    /// Picks one of `names`, as its place there; none of none. `draws` are in `0..1`, independent of each other.
    pub fn pick(&mut self, names: &[&str], draws: [f64; 2], now: Duration) -> Option<usize> {
        match (self.rules.choice, names.len()) {
            (_, 0) => None,
            (_, 1) => Some(0),
            (Choice::RoundRobin, among) => {
                self.turn = self.turn.wrapping_add(1);
                Some(self.turn % among)
            }
            (Choice::P2c, among) => {
                let first = place(draws[0], among);
                // Of the others, so that there are always two.
                let other = place(draws[1], among - 1);
                let second = other + usize::from(other >= first);
                let lighter = self.load(names[second], now) < self.load(names[first], now);
                Some(if lighter { second } else { first })
            }
        }
    }

    /// The instances there are, by name: newcomers count as unmeasured from now on, and those who are gone are forgotten.
    pub fn meet<'a>(&mut self, names: impl Iterator<Item = &'a str> + Clone, now: Duration) {
        self.loads.retain(|known, _| names.clone().any(|name| name == known));
        for name in names {
            if !self.loads.contains_key(name) {
                self.loads.insert(name.to_owned(), Load::unknown(&self.rules, now));
            }
        }
    }

    /// An attempt goes to `name`, now. One that was not met is nobody's concern.
    pub fn begin(&mut self, name: &str, now: Duration) {
        if let Some(load) = self.loads.get_mut(name) {
            load.pending += 1;
            load.sum_of_starts += now.as_secs_f64();
        }
    }

    /// The attempt that began then has ended. To whom it went may be gone.
    pub fn end(&mut self, name: &str, began: Duration, now: Duration, how: Ended) {
        let Some(load) = self.loads.get_mut(name).filter(|load| load.since <= began) else { return };
        load.pending = load.pending.saturating_sub(1);
        load.sum_of_starts = if load.pending == 0 { 0.0 } else { load.sum_of_starts - began.as_secs_f64() };
        let took = now.saturating_sub(began);
        let counts_as = match how {
            // It would have taken at least as long. Else a silent instance would be forgotten with each attempt at it
            // that is given up, and be the next choice.
            Ended::Dropped if took.as_secs_f64() > load.latency(now, self.rules.decay.get()) => took,
            Ended::Dropped => return,
            Ended::Answered => took,
            Ended::Failed(named) => {
                let penalty = self.rules.failure_penalty.on().map(|penalty| {
                    named.map_or(penalty.get(), |named| named.max(penalty.get())).min(LONGEST_PENALTY)
                });
                took.max(penalty.unwrap_or_default())
            }
        };
        load.observe(counts_as, now, self.rules.decay.get());
    }

    /// Attempts under way at an instance.
    pub fn pending(&self, name: &str) -> u32 {
        self.loads.get(name).map_or(0, |load| load.pending)
    }

    fn load(&self, name: &str, now: Duration) -> f64 {
        self.loads
            .get(name)
            .map_or(0.0, |load| load.latency(now, self.rules.decay.get()) * f64::from(load.pending + 1))
    }
}

impl Load {
    fn unknown(rules: &Balance, now: Duration) -> Load {
        let latency = rules.default_latency.get().as_secs_f64();
        Load { since: now, latency, heard: now, pending: 0, sum_of_starts: 0.0 }
    }

    /// Up at once, down slowly.
    fn observe(&mut self, took: Duration, now: Duration, decay: Duration) {
        let took = took.as_secs_f64();
        let kept = self.kept(now, decay);
        self.latency = if took > self.latency { took } else { self.latency * kept + took * (1.0 - kept) };
        self.heard = self.heard.max(now);
    }

    /// The estimate now: what was heard, less what time has made of it, or what is waited for already.
    fn latency(&self, now: Duration, decay: Duration) -> f64 {
        let heard = self.latency * self.kept(now, decay);
        let pending = f64::from(self.pending.max(1));
        let age = if self.pending == 0 { 0.0 } else { now.as_secs_f64() - self.sum_of_starts / pending };
        heard.max(age)
    }

    fn kept(&self, now: Duration, decay: Duration) -> f64 {
        let passed = now.saturating_sub(self.heard).as_secs_f64();
        (-passed / decay.as_secs_f64().max(1e-3)).exp()
    }
}

/// A place among so many, from a draw in `0..1`.
fn place(draw: f64, among: usize) -> usize {
    ((draw.clamp(0.0, 1.0) * among as f64) as usize).min(among.saturating_sub(1))
}

#[cfg(test)]
mod tests;
