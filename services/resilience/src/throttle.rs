//! Client throttling: a caller that refuses a share of its own calls while the callee refuses or fails them, so that the
//! refusing itself does not wear the callee out. After Google's SRE book, chapter 21, "Client-side throttling".
//!
//! ```text
//! p = max(0, (requests - k * accepts) / (requests + 1))        over the last `window`
//! ```
//! - A request counts when it is *sent*, or would have been: counted when it ends, a callee that hangs looks idle for
//!   as long as it hangs (go-zero#5011). Those refused here count too; that is what makes p grow.
//! - A request that is under way counts from its first second on. Counted at once, the calls of a healthy callee's first
//!   hundred milliseconds would be 45 requests without one accept, and most of the next would be refused.
//! - An accept is a call that the callee answered and did not refuse or fail: success, or a "no" of the business. Not
//!   503, 429, 504, other 5xx, a broken or missing connection, a timeout, a call that its caller gave up. A call that
//!   another policy of ours refused, further in, was never a request: it is taken back.
//! - p never keeps the callee unasked: when nothing was sent for `probe_every`, the next call goes out whatever the draw.
//!
//! Two things it cannot do. It cannot come back quickly: from nothing, a window of accepts grows by `k` a window at most,
//! so a rate of 450 per second is back after about four windows: 8 minutes by default, 40 s with a window of 10 s. And
//! it is made for a callee that accepts a *number* of calls. One that fails a fixed *share* of them, more than
//! `1 - 1/k`, fails it however little it is asked, and is throttled down to the probes.

use std::collections::VecDeque;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::Span;

/// Refuses a share of the calls of one kind while the callee refuses or fails them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// How many requests one accepted request allows: at 2 the callee sees up to twice what it accepts. Lower refuses
    /// sooner. Default 2 (SRE book).
    #[schemars(range(min = 1, max = 100))]
    pub k: f64,
    /// How far back requests and accepts count. Default 2m (SRE book). Coming back from nothing takes about four of them.
    pub window: Span,
    /// A call goes out at least this often, if there is one to make. Default 1s.
    pub probe_every: Span,
}

impl Default for Throttle {
    fn default() -> Throttle {
        Throttle { k: 2.0, window: Span::seconds(120), probe_every: Span::seconds(1) }
    }
}

/// The window moves in so many steps.
const STEPS: u32 = 60;
/// A call that is so old and has no verdict is a request like any other, but a quarter of the window at most.
const GRACE: Duration = Duration::from_secs(1);

/// What was asked of one callee and what it accepted, lately.
#[derive(Debug)]
pub struct Throttler {
    rules: Throttle,
    steps: VecDeque<Step>,
    requests: u64,
    accepts: u64,
    sent: Option<Duration>,
}

#[derive(Debug)]
struct Step {
    number: u64,
    requests: u64,
    accepts: u64,
    /// Requests that are under way.
    open: u64,
}

/// A request that was sent.
#[derive(Debug)]
#[must_use = "a verdict that is not told keeps the call under way for ever"]
pub struct Sent {
    at: Duration,
}

impl Throttler {
    pub fn new(rules: &Throttle) -> Throttler {
        Throttler { rules: *rules, steps: VecDeque::new(), requests: 0, accepts: 0, sent: None }
    }

    /// Takes changed rules. The counts are kept: under a window of another length those of a step are of the time at which
    /// the step began, and what a shorter window leaves out is gone with the next call.
    pub fn reconfigure(&mut self, rules: &Throttle) {
        let before = std::mem::replace(&mut self.rules, *rules);
        if before.window == rules.window {
            return;
        }
        let mut steps: VecDeque<Step> = VecDeque::with_capacity(self.steps.len());
        for step in self.steps.drain(..) {
            let number = (u128::from(step.number) * length(&before) / length(rules)) as u64;
            match steps.back_mut().filter(|last| last.number == number) {
                Some(last) => {
                    last.requests += step.requests;
                    last.accepts += step.accepts;
                    last.open += step.open;
                }
                None => steps.push_back(Step { number, ..step }),
            }
        }
        self.steps = steps;
    }

    /// Counts a request and decides whether it is sent; none = it is refused. `draw` is in `0..1`.
    pub fn send(&mut self, now: Duration, draw: f64) -> Option<Sent> {
        let refused = draw < self.rejection(now) && !self.is_probe_due(now);
        let step = self.step(now);
        step.requests += 1;
        step.open += u64::from(!refused);
        let sent = Sent { at: now };
        self.requests += 1;
        if refused {
            return None;
        }
        self.sent = Some(now);
        Some(sent)
    }

    /// The callee accepted it. It counts where its request does, and leaves the window with it.
    pub fn accepted(&mut self, sent: Sent) {
        if let Some(step) = self.close(&sent) {
            step.accepts += 1;
            self.accepts += 1;
        }
    }

    /// The callee refused or failed it, or did not answer for as long as it was waited for.
    pub fn failed(&mut self, sent: Sent) {
        self.close(&sent);
    }

    /// It was not sent after all.
    pub fn take_back(&mut self, sent: Sent) {
        if let Some(step) = self.close(&sent) {
            step.requests -= 1;
            self.requests -= 1;
        }
    }

    /// The share of calls that is refused now, the probes aside: 0 to just below 1.
    pub fn rejection(&mut self, now: Duration) -> f64 {
        self.expire(now);
        let requests = self.requests.saturating_sub(self.young(now)) as f64;
        ((requests - self.rules.k * self.accepts as f64) / (requests + 1.0)).max(0.0)
    }

    fn is_probe_due(&self, now: Duration) -> bool {
        self.sent.is_none_or(|sent| now.saturating_sub(sent) >= self.rules.probe_every.get())
    }

    /// Requests under way that have begun within the grace.
    fn young(&self, now: Duration) -> u64 {
        let from = self.number(now.saturating_sub(GRACE.min(self.rules.window.get() / 4)));
        self.steps.iter().rev().take_while(|step| step.number >= from).map(|step| step.open).sum()
    }

    fn number(&self, now: Duration) -> u64 {
        (now.as_nanos() / length(&self.rules)) as u64
    }

    /// The present step. Those before it are in order, and `now` never goes back.
    fn step(&mut self, now: Duration) -> &mut Step {
        let number = self.number(now);
        if self.steps.back().is_none_or(|step| step.number < number) {
            self.steps.push_back(Step { number, requests: 0, accepts: 0, open: 0 });
        }
        self.steps.back_mut().expect("a step was just added")
    }

    /// The step in which it was sent, with one call less under way. After a change of the window that is an earlier one, if
    /// the steps were longer then. One that was sent before the policy was turned off and on again may find the step of
    /// others: none is closed twice.
    fn close(&mut self, sent: &Sent) -> Option<&mut Step> {
        let number = self.number(sent.at);
        let until = self.steps.partition_point(|step| step.number <= number);
        let step = self.steps.range_mut(..until).rev().find(|step| step.open > 0)?;
        step.open -= 1;
        Some(step)
    }

    fn expire(&mut self, now: Duration) {
        let oldest = self.number(now).saturating_sub(u64::from(STEPS) - 1);
        while let Some(step) = self.steps.pop_front_if(|step| step.number < oldest) {
            self.requests -= step.requests;
            self.accepts -= step.accepts;
        }
    }
}

/// Nanoseconds of a step.
fn length(rules: &Throttle) -> u128 {
    (rules.window.get().as_nanos() / u128::from(STEPS)).max(1)
}

#[cfg(test)]
mod tests;
