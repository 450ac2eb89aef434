//! The circuit breaker around an attempt: asked before, told after, and told of a slow attempt at the moment it gets slow,
//! because at 30 s of latency its end is news from half a minute ago.

use std::sync::{Mutex, MutexGuard};

use opentelemetry::trace::TraceId;
use resilience::Call;
use resilience::breaker::{Breaker, Outcome, Permit, State};
use resilience::policy::Span;

use super::Next;
use crate::client::edge::{Edge, Refusal};
use crate::client::{Answer, Failure};

pub(super) async fn layer(next: Next<'_>) -> Result<Answer, Failure> {
    let (edge, trace) = (next.call.edge, next.call.ctx.span().trace_id());
    let Some(mut pass) = edge.breaker.pass(edge, trace)? else { return next.run().await };
    let slow_after = next.call.policy.breaker.and_then(|policy| policy.slow_call_duration.on().copied());
    let mut attempt = next.run();
    let result = match slow_after {
        Some(Span(threshold)) => match tokio::time::timeout(threshold, &mut attempt).await {
            Ok(result) => result,
            Err(_slow) => {
                pass.slow();
                attempt.await
            }
        },
        None => attempt.await,
    };
    pass.record(result.as_ref().map_or_else(Failure::for_breaker, |_| Outcome::Success));
    result
}

/// The breaker of one edge.
#[derive(Default)]
pub(crate) struct Guarded {
    state: Mutex<Guard>,
}

#[derive(Default)]
struct Guard {
    /// Kept when the policy turns it off: permits that are out must come back
    /// to the machine that gave them.
    machine: Option<Breaker>,
    on: bool,
}

impl Guarded {
    pub(crate) fn configure(&self, call: &Call) {
        let mut guard = self.guard();
        let was_on = guard.on;
        match (&mut guard.machine, &call.breaker) {
            (Some(breaker), Some(policy)) if was_on => breaker.reconfigure(policy),
            (Some(breaker), Some(policy)) => breaker.begin_anew(policy),
            (breaker @ None, Some(policy)) => *breaker = Some(Breaker::new(policy)),
            (_, None) => {}
        }
        guard.on = call.breaker.is_some();
    }

    /// The state that an attempt meets; `None` when the breaker is off.
    pub(crate) fn state(&self) -> Option<&'static str> {
        let guard = self.guard();
        guard.machine.as_ref().filter(|_| guard.on).map(|breaker| breaker.state().name())
    }

    /// Leave for one attempt, of a trace; `None` when the breaker is off by now.
    fn pass<'a>(&'a self, edge: &'a Edge, trace: TraceId) -> Result<Option<Pass<'a>>, Failure> {
        let mut guard = self.guard();
        let on = guard.on;
        let Some(breaker) = guard.machine.as_mut().filter(|_| on) else {
            return Ok(None);
        };
        let leave = breaker.acquire(edge.now(), edge.draw());
        drop(guard);
        self.show(edge, trace);
        match leave {
            Ok(permit) => Ok(Some(Pass { edge, permit: Some(permit), trace })),
            Err(_open) => {
                edge.metrics.breaker_rejected.with_label_values(&[edge.target, edge.method]).inc();
                Err(edge.refuse(Refusal::Breaker))
            }
        }
    }

    fn tell(&self, edge: &Edge, trace: TraceId, act: impl FnOnce(&mut Breaker)) {
        if let Some(breaker) = self.guard().machine.as_mut() {
            act(breaker);
        }
        self.show(edge, trace);
    }

    /// Puts the breaker's moves on the metrics and in the log, with the trace
    /// whose attempt moved it.
    pub(crate) fn show(&self, edge: &Edge, trace: TraceId) {
        let states = &edge.metrics.breaker_state;
        let mut guard = self.guard();
        let on = guard.on;
        let Some(breaker) = guard.machine.as_mut().filter(|_| on) else {
            for state in State::ALL {
                let _ = states.remove_label_values(&[edge.target, edge.method, state.name()]);
            }
            return;
        };
        let watches = breaker.state() == State::MetricsOnly;
        for (from, to) in breaker.take_transitions() {
            let labels = [edge.target, edge.method, from.name(), to.name()];
            edge.metrics.breaker_transitions.with_label_values(&labels).inc();
            let trace_id = (trace != TraceId::INVALID).then(|| tracing::field::display(trace));
            let (edge, from) = (edge.name, from.name());
            if watches {
                tracing::info!(edge, from, to = to.name(), trace_id, "breaker would have moved");
            } else if to == State::Open {
                tracing::warn!(edge, from, to = to.name(), trace_id, "breaker moved");
            } else {
                tracing::info!(edge, from, to = to.name(), trace_id, "breaker moved");
            }
        }
        let current = breaker.state();
        for state in State::ALL {
            let one_hot = states.with_label_values(&[edge.target, edge.method, state.name()]);
            one_hot.set(i64::from(state == current));
        }
    }

    fn guard(&self) -> MutexGuard<'_, Guard> {
        self.state.lock().expect("no panic in a state machine")
    }
}

/// The breaker's leave for one attempt. Dropped without a word it gives the
/// permit back: a lost probe would keep the breaker half open for ever.
struct Pass<'a> {
    edge: &'a Edge,
    permit: Option<Permit>,
    trace: TraceId,
}

impl Pass<'_> {
    /// The attempt is slow *now*, though it may run on.
    fn slow(&mut self) {
        let now = self.edge.now();
        if let Some(permit) = self.permit.as_mut() {
            self.edge.breaker.tell(self.edge, self.trace, |breaker| breaker.slow(permit, now));
        }
    }

    /// The attempt has ended.
    fn record(mut self, outcome: Outcome) {
        let now = self.edge.now();
        if let Some(permit) = self.permit.take() {
            self.edge.breaker.tell(self.edge, self.trace, |breaker| breaker.record(permit, now, outcome));
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let now = self.edge.now();
        if let Some(permit) = self.permit.take() {
            self.edge.breaker.tell(self.edge, self.trace, |breaker| breaker.cancel(permit, now));
        }
    }
}

#[cfg(test)]
mod tests;
