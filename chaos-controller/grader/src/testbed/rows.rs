//! Rows of a recording, for tests: an order, its charge, a span. All of them went well.

use evidence::traces::{Kind, Span, SpanId, TraceId};
use evidence::{Charge, Order};

pub(crate) fn order(id: &str, state: &str) -> Order {
    Order {
        id: id.into(),
        user: "u1".into(),
        state: state.into(),
        amount_cents: 1_999,
        created_unix_ms: 0,
        updated_unix_ms: 0,
        settled: false,
    }
}

pub(crate) fn charge(reference: &str) -> Charge {
    Charge {
        id: "c".into(),
        reference: reference.into(),
        amount_cents: 1_999,
        key: None,
        at_unix_ms: 0,
        region: None,
    }
}

/// A span that went well; times in milliseconds of the run.
pub(crate) fn span(
    trace: u128,
    id: u64,
    parent: u64,
    service: &str,
    name: &str,
    kind: Kind,
    (from_ms, to_ms): (u64, u64),
) -> Span {
    Span {
        trace: TraceId(trace),
        span: SpanId(id),
        parent: (parent > 0).then_some(SpanId(parent)),
        service: service.to_owned(),
        instance: format!("{service}-0"),
        name: name.to_owned(),
        kind,
        start_unix_ns: from_ms * 1_000_000,
        end_unix_ns: to_ms * 1_000_000,
        error: false,
        message: String::new(),
        attributes: serde_json::Map::new(),
        events: Vec::new(),
    }
}
