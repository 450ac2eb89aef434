//! A snapshot written back as a document row, with every default in its place: what is in force, in the words of the
//! document.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::call::CallPolicy;
use super::document::{ServicePolicy, SettlerPolicy};
use super::server::ServerPolicy;
use super::setting::{Setting, Switch};
use super::snapshot::{Call, Server, Snapshot};
use super::span::Span;
use crate::fallback::Fallback;

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
        shed: Some(setting(server.shed)),
        rate_limits: server
            .rate_limits
            .iter()
            .map(|(method, limit)| (method.clone(), Setting::On(*limit)))
            .collect(),
        layers: Some(server.layers.clone()),
    }
}

fn written(call: &Call) -> CallPolicy {
    CallPolicy {
        attempt_timeout: Some(span(call.attempt_timeout)),
        total_timeout: Some(span(call.total_timeout)),
        retry: Some(call.retry.clone()),
        breaker: Some(setting(call.breaker)),
        bulkhead: Some(setting(call.bulkhead)),
        concurrency: Some(setting(call.concurrency)),
        throttle: Some(setting(call.throttle)),
        balance: Some(call.balance.clone()),
        outlier: Some(setting(call.outlier.clone())),
        hedge: Some(setting(call.hedge.clone())),
        idempotency: Some(switch(call.idempotency)),
        fallback: Some(setting(match call.stale {
            Some(_) => Some(Fallback::Stale),
            None => call.fallback_pending.then_some(Fallback::Pending),
        })),
        stale_for: call.stale.map(Span),
        propagate: Some(switch(call.propagate)),
        shift: Some(setting(call.shift)),
        enabled: Some(switch(call.enabled)),
        layers: Some(call.layers.clone()),
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
