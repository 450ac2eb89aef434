//! The state of one kind of call: its breaker, its budget, its bulkhead, its
//! counters. Keyed by name and kept across policy versions.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use opentelemetry::trace::TraceId;
use prometheus::{Gauge, Histogram, HistogramVec, IntCounter, IntCounterVec};
use resilience::Call;
use resilience::breaker::{Breaker, Outcome, Permit, State};
use resilience::budget::RetryBudget;
use resilience::limit::Bulkhead;
use tokio::time::Instant;

use crate::client::Failure;
use crate::metrics::ClientMetrics;

/// One edge of the shop, by target and method.
pub(crate) struct Edge {
    pub(crate) target: &'static str,
    pub(crate) method: &'static str,
    /// `target.method`, on spans.
    pub(crate) name: &'static str,
    epoch: Instant,
    state: Mutex<Machines>,
    metrics: ClientMetrics,
    budget_tokens: Gauge,
}

#[derive(Default)]
struct Machines {
    /// Kept when the policy turns it off: permits that are out must come back
    /// to the machine that gave them.
    breaker: Option<Breaker>,
    breaker_is_on: bool,
    budget: Option<RetryBudget>,
    bulkhead: Bulkhead,
}

impl Edge {
    pub(crate) fn new(target: &'static str, method: &'static str, metrics: &ClientMetrics) -> Self {
        // An edge lives as long as its process; its name is leaked once so
        // that spans need not own a copy each.
        let name: &'static str = format!("{target}.{method}").leak();
        Self {
            target,
            method,
            name,
            epoch: Instant::now(),
            state: Mutex::default(),
            metrics: metrics.clone(),
            budget_tokens: metrics.budget_tokens.with_label_values(&[target, method]),
        }
    }

    /// Takes the policy in force; state stays where the kind of machine does.
    pub(crate) fn configure(&self, call: &Call) {
        let now = self.now();
        let mut machines = self.machines();
        match (&mut machines.breaker, &call.breaker) {
            (Some(breaker), Some(rules)) => breaker.reconfigure(rules),
            (breaker @ None, Some(rules)) => *breaker = Some(Breaker::new(rules)),
            (_, None) => {}
        }
        machines.breaker_is_on = call.breaker.is_some();
        match (&mut machines.budget, &call.retry.budget) {
            (Some(budget), Some(rule)) => {
                budget.reconfigure(rule.ratio, rule.min_per_second, rule.window, now)
            }
            (budget, rule) => {
                *budget =
                    rule.as_ref().map(|rule| RetryBudget::new(rule.ratio, rule.min_per_second, rule.window));
            }
        }
        machines.bulkhead.configure(call.bulkhead);
        self.show_breaker(&mut machines, TraceId::INVALID);
    }

    pub(crate) fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// The breaker's leave for one attempt, of a trace; `None` when it is off.
    pub(crate) fn breaker(self: &Arc<Self>, trace: TraceId) -> Result<Option<Pass>, Failure> {
        let mut machines = self.machines();
        let on = machines.breaker_is_on;
        let Some(breaker) = machines.breaker.as_mut().filter(|_| on) else {
            return Ok(None);
        };
        let leave = breaker.acquire(self.now());
        self.show_breaker(&mut machines, trace);
        match leave {
            Ok(permit) => Ok(Some(Pass { edge: Arc::clone(self), permit: Some(permit), trace })),
            Err(_open) => {
                self.metrics.breaker_rejected.with_label_values(&[self.target, self.method]).inc();
                Err(Failure::rejected(BREAKER_OPEN))
            }
        }
    }

    /// A place in the bulkhead, given back when dropped.
    pub(crate) fn bulkhead(self: &Arc<Self>) -> Result<Place, Failure> {
        if self.machines().bulkhead.try_acquire() {
            Ok(Place(Arc::clone(self)))
        } else {
            Err(Failure::rejected("bulkhead is full"))
        }
    }

    /// An original call is made: it earns its share of a retry.
    pub(crate) fn deposit(&self) {
        let now = self.now();
        if let Some(budget) = self.machines().budget.as_mut() {
            budget.deposit(now);
        }
    }

    /// Lets `decide` spend from the budget.
    pub(crate) fn with_budget<R>(&self, decide: impl FnOnce(Option<&mut RetryBudget>, Duration) -> R) -> R {
        let now = self.now();
        let mut machines = self.machines();
        let decision = decide(machines.budget.as_mut(), now);
        if let Some(budget) = machines.budget.as_mut() {
            self.budget_tokens.set(budget.tokens(now));
        }
        decision
    }

    pub(crate) fn breaker_state(&self) -> Option<&'static str> {
        let machines = self.machines();
        machines.breaker.as_ref().filter(|_| machines.breaker_is_on).map(|breaker| breaker.state().name())
    }

    pub(crate) fn count_attempt(&self, outcome: &str) {
        count(&self.metrics.attempts, self, outcome).inc();
    }

    pub(crate) fn count_call(&self, outcome: &str, took: Duration) {
        count(&self.metrics.calls, self, outcome).inc();
        observe(&self.metrics.call_duration, self, outcome).observe(took.as_secs_f64());
    }

    fn machines(&self) -> MutexGuard<'_, Machines> {
        self.state.lock().expect("no panic in a state machine")
    }

    /// Puts the breaker's moves on the metrics and in the log, with the trace
    /// whose attempt moved it.
    fn show_breaker(&self, machines: &mut Machines, trace: TraceId) {
        let states = &self.metrics.breaker_state;
        let on = machines.breaker_is_on;
        let Some(breaker) = machines.breaker.as_mut().filter(|_| on) else {
            for state in State::ALL {
                let _ = states.remove_label_values(&[self.target, self.method, state.name()]);
            }
            return;
        };
        for (from, to) in breaker.take_transitions() {
            let labels = [self.target, self.method, from.name(), to.name()];
            self.metrics.breaker_transitions.with_label_values(&labels).inc();
            let trace_id = (trace != TraceId::INVALID).then(|| tracing::field::display(trace));
            let (edge, from) = (self.name, from.name());
            if to == State::Open {
                tracing::warn!(edge, from, to = to.name(), trace_id, "breaker moved");
            } else {
                tracing::info!(edge, from, to = to.name(), trace_id, "breaker moved");
            }
        }
        let current = breaker.state();
        for state in State::ALL {
            let one_hot = states.with_label_values(&[self.target, self.method, state.name()]);
            one_hot.set(i64::from(state == current));
        }
    }
}

/// The reason that an open breaker gives; the settler pauses on it.
pub(crate) const BREAKER_OPEN: &str = "breaker is open";

fn count(counters: &IntCounterVec, edge: &Edge, outcome: &str) -> IntCounter {
    counters.with_label_values(&[edge.target, edge.method, outcome])
}

fn observe(histograms: &HistogramVec, edge: &Edge, outcome: &str) -> Histogram {
    histograms.with_label_values(&[edge.target, edge.method, outcome])
}

/// The breaker's leave for one attempt. Dropped without a word it gives the
/// permit back: a lost probe would keep the breaker half open for ever.
pub(crate) struct Pass {
    edge: Arc<Edge>,
    permit: Option<Permit>,
    trace: TraceId,
}

impl Pass {
    /// The attempt is slow *now*, though it may run on.
    pub(crate) fn slow(&mut self) {
        let now = self.edge.now();
        if let Some(permit) = self.permit.as_mut() {
            self.edge.with_breaker(self.trace, |breaker| breaker.slow(permit, now));
        }
    }

    /// The attempt has ended.
    pub(crate) fn record(mut self, outcome: Outcome) {
        let now = self.edge.now();
        if let Some(permit) = self.permit.take() {
            self.edge.with_breaker(self.trace, |breaker| breaker.record(permit, now, outcome));
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let now = self.edge.now();
        if let Some(permit) = self.permit.take() {
            self.edge.with_breaker(self.trace, |breaker| breaker.cancel(permit, now));
        }
    }
}

impl Edge {
    fn with_breaker(&self, trace: TraceId, act: impl FnOnce(&mut Breaker)) {
        let mut machines = self.machines();
        if let Some(breaker) = machines.breaker.as_mut() {
            act(breaker);
            self.show_breaker(&mut machines, trace);
        }
    }
}

/// A place in the bulkhead.
pub(crate) struct Place(Arc<Edge>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.machines().bulkhead.release();
    }
}
