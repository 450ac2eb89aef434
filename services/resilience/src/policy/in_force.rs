//! A snapshot written back as a document row, with every default in its place: what is in force, in the words of the
//! document.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::call::{BackoffPolicy, BreakerPolicy, BudgetPolicy, CallPolicy, Fallback, RetryOn, RetryPolicy};
use super::document::{ServicePolicy, SettlerPolicy};
use super::server::ServerPolicy;
use super::setting::{Setting, Switch};
use super::snapshot::{Call, Retry, Server, Snapshot};
use super::span::Span;
use crate::breaker::BreakerRules;

impl Snapshot {
    /// The row of this service with nothing left to a default; `calls` lists every call that it makes. It can stand in
    /// a document and comes to the same.
    pub fn in_force(&self) -> Value {
        let calls = self.calls().map(|(target, method, call)| (format!("{target}.{method}"), written(call)));
        let row = ServicePolicy {
            server: Some(server(&self.server)),
            calls: calls.collect::<BTreeMap<_, _>>(),
            settler: (self.service == "order")
                .then(|| setting(self.settler.map(|settler| SettlerPolicy { rate: settler.rate }))),
            deadline: (self.service == "frontend").then(|| span(self.deadline)),
        };
        json!(row)
    }
}

fn server(server: &Server) -> ServerPolicy {
    ServerPolicy {
        workers: Some(server.workers),
        queue: Some(server.queue),
        cancel: Some(server.cancel),
        concurrency: Some(setting(server.concurrency)),
        bulkheads: server.bulkheads.clone(),
        deadline: Some(server.deadline),
    }
}

fn written(call: &Call) -> CallPolicy {
    CallPolicy {
        attempt_timeout: Some(span(call.attempt_timeout)),
        total_timeout: Some(span(call.total_timeout)),
        retry: Some(retry(&call.retry)),
        breaker: Some(setting(call.breaker.as_ref().map(breaker))),
        bulkhead: Some(setting(call.bulkhead)),
        concurrency: Some(setting(call.concurrency)),
        throttle: Some(setting(call.throttle)),
        balance: Some(call.balance.clone()),
        outlier: Some(setting(call.outlier.clone())),
        hedge: Some(setting(call.hedge.clone())),
        idempotency: Some(switch(call.idempotency)),
        fallback: Some(setting(call.fallback_pending.then_some(Fallback::Pending))),
        propagate: Some(switch(call.propagate)),
        shift: Some(setting(call.shift)),
        enabled: Some(switch(call.enabled)),
        layers: Some(call.layers.clone()),
    }
}

fn retry(retry: &Retry) -> RetryPolicy {
    let reasons = [(retry.on_unavailable, RetryOn::Unavailable), (retry.on_timeout, RetryOn::Timeout)];
    RetryPolicy {
        max_retries: Some(retry.max_retries),
        on: Some(reasons.into_iter().filter_map(|(on, reason)| on.then_some(reason)).collect()),
        backoff: Some(setting(retry.backoff.map(|backoff| BackoffPolicy {
            base: Some(Span(backoff.base)),
            factor: Some(backoff.factor),
            cap: Some(Span(backoff.cap)),
            jitter: Some(backoff.jitter),
        }))),
        budget: Some(setting(retry.budget.map(|budget| BudgetPolicy {
            ratio: Some(budget.ratio),
            min_per_second: Some(budget.min_per_second),
            window: Some(Span(budget.window)),
        }))),
    }
}

fn breaker(rules: &BreakerRules) -> BreakerPolicy {
    BreakerPolicy {
        window: Some(rules.window),
        minimum_calls: Some(rules.minimum_calls),
        failure_rate: Some(rules.failure_rate),
        slow_call_rate: Some(rules.slow_call_rate),
        slow_call_duration: Some(span(rules.slow_call_duration)),
        open_for: Some(Span(rules.open_for)),
        open_factor: Some(rules.open_factor),
        open_cap: Some(Span(rules.open_cap)),
        half_open_calls: Some(rules.half_open_calls),
        half_open_for: Some(span(rules.half_open_for)),
        state: Some(rules.mode),
    }
}

fn span(time: Option<Duration>) -> Setting<Span> {
    setting(time.map(Span))
}

fn setting<T>(value: Option<T>) -> Setting<T> {
    value.map_or(Setting::Off, Setting::On)
}

fn switch(on: bool) -> Switch {
    if on { Switch::On } else { Switch::Off }
}
