//! Traces for the tests of this module, in milliseconds from a start that the trace's number sets apart.

use serde_json::Map;

use super::span::{Kind, Span, SpanId, Trace, TraceId};

const START_MS: u64 = 1_795_000_000_000;

pub(super) fn server(
    trace: u128,
    span: u64,
    parent: u64,
    service: &str,
    name: &str,
    start_ms: u64,
    end_ms: u64,
) -> Span {
    let origin_ms = START_MS + trace as u64 * 100_000;
    Span {
        trace: TraceId(trace),
        span: SpanId(span),
        parent: (parent != 0).then_some(SpanId(parent)),
        service: service.to_owned(),
        instance: format!("{service}-0"),
        name: name.to_owned(),
        kind: Kind::Server,
        start_unix_ns: (origin_ms + start_ms) * 1_000_000,
        end_unix_ns: (origin_ms + end_ms) * 1_000_000,
        error: false,
        message: String::new(),
        attributes: Map::new(),
        events: Vec::new(),
    }
}

pub(super) fn client(
    trace: u128,
    span: u64,
    parent: u64,
    service: &str,
    name: &str,
    start_ms: u64,
    end_ms: u64,
) -> Span {
    Span { kind: Kind::Client, ..server(trace, span, parent, service, name, start_ms, end_ms) }
}

impl Span {
    /// Failed, with what the callee or a timer of ours said.
    pub(super) fn failing(mut self, kind: &str, message: &str) -> Self {
        self.error = true;
        self.message = message.to_owned();
        self.with("error.type", kind)
    }

    pub(super) fn with(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        self.attributes.insert(key.to_owned(), value.into());
        self
    }
}

pub(super) fn trace(spans: Vec<Span>) -> Trace {
    Trace::new(spans[0].trace, spans)
}

/// A clean checkout: eleven spans in 110 ms, of which the bank takes 100.
pub(super) fn checkout(t: u128) -> Vec<Span> {
    vec![
        server(t, 1, 0, "frontend", "/api/checkout", 0, 110).with("http.response.status_code", 200),
        client(t, 2, 1, "frontend", "cart.Checkout", 1, 109).with("policy.version", 1),
        server(t, 3, 2, "cart", "Checkout", 2, 108).with("policy.version", 1),
        client(t, 4, 3, "cart", "order.Checkout", 3, 107).with("policy.version", 1),
        server(t, 5, 4, "order", "Checkout", 4, 106).with("order.id", "o7-0-41"),
        client(t, 6, 5, "order", "inventory.Reserve", 5, 7),
        server(t, 7, 6, "inventory", "Reserve", 6, 7),
        client(t, 8, 5, "order", "payment.Charge", 7, 105),
        server(t, 9, 8, "payment", "Charge", 7, 105).with("policy.version", 1),
        client(t, 10, 9, "payment", "bank.charge", 7, 105),
        server(t, 11, 10, "bank", "POST /charges", 7, 104),
    ]
}

/// The incident: users are told 504 after 3 s, because cart gives up on order; order gets 503 from payment, late,
/// because payment waits 30 s for the bank, which answers well.
pub(super) fn incident(t: u128) -> Vec<Span> {
    vec![
        server(t, 1, 0, "frontend", "/api/checkout", 0, 3_006).failing("504", ""),
        client(t, 2, 1, "frontend", "cart.Checkout", 1, 3_005).failing("DEADLINE_EXCEEDED", ""),
        server(t, 3, 2, "cart", "Checkout", 2, 3_004).failing("DEADLINE_EXCEEDED", ""),
        client(t, 4, 3, "cart", "order.Checkout", 3, 3_003).failing("timeout", "no answer in time"),
        server(t, 5, 4, "order", "Checkout", 4, 30_008).failing("UNAVAILABLE", ""),
        client(t, 6, 5, "order", "inventory.Reserve", 5, 7),
        server(t, 7, 6, "inventory", "Reserve", 6, 7),
        client(t, 8, 5, "order", "payment.Charge", 8, 30_007).failing("UNAVAILABLE", ""),
        server(t, 9, 8, "payment", "Charge", 9, 30_006).failing("UNAVAILABLE", ""),
        client(t, 10, 9, "payment", "bank.charge", 10, 30_005),
        server(t, 11, 10, "bank", "POST /charges", 11, 30_004).with("http.response.status_code", 201),
    ]
}
