//! The bank's span of a call: a child of the caller's, by W3C `traceparent`.
//! It says what any API would say of itself, and nothing of faults. A span that
//! cannot leave the process (neither sampled nor failed nor slow) says nothing.

use std::time::Instant;

use axum::http::HeaderMap;
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use process::{SLOW_SPAN, Sampling, Tracer};

/// What spans are recorded with.
pub(crate) struct Recorder {
    pub(crate) tracer: Tracer,
    pub(crate) sampling: Sampling,
}

/// The span of one call; ends when dropped.
pub(crate) struct Span {
    span: <Tracer as opentelemetry::trace::Tracer>::Span,
    sampled: bool,
    began: Instant,
}

impl Recorder {
    pub(crate) fn start(&self, name: &'static str, headers: &HeaderMap) -> Span {
        let parent = headers.get("traceparent").and_then(|value| parse(value.to_str().ok()?));
        let context =
            parent.map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent));
        let tracer = &self.tracer;
        let span = tracer.span_builder(name).with_kind(SpanKind::Server).start_with_context(tracer, &context);
        let sampled = self.sampling.samples(span.span_context().trace_id());
        Span { span, sampled, began: Instant::now() }
    }
}

impl Span {
    pub(crate) fn answered(&mut self, reference: &str, status: u16) {
        if !self.sampled && status < 500 && self.began.elapsed() <= SLOW_SPAN {
            return;
        }
        self.span.set_attribute(KeyValue::new("order.id", reference.to_owned()));
        self.span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        if status >= 500 {
            self.span.set_status(Status::error("server error"));
        }
    }
}

/// `00-<32 digits>-<16 digits>-<2 digits>`. The lengths are looked at here, the
/// digits by what reads them.
fn parse(text: &str) -> Option<SpanContext> {
    let parts: Vec<&str> = text.splitn(5, '-').collect();
    let (&[version, trace, span, flags], _) = parts.split_first_chunk()?;
    if [version.len(), trace.len(), span.len(), flags.len()] != [2, 32, 16, 2] || version == "ff" {
        return None;
    }
    let trace = TraceId::from_hex(trace).ok()?;
    let span = SpanId::from_hex(span).ok()?;
    let flags = u8::from_str_radix(flags, 16).ok()?;
    let context = SpanContext::new(trace, span, TraceFlags::new(flags), true, TraceState::NONE);
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_parent_starts_a_new_trace() {
        assert!(parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").is_some());
        for text in ["", "00", "zz-1-2-3", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
