//! Spans of a hop, and the W3C `traceparent` between hops.
//!
//! A server span lives in the job that a worker runs, a client span in the
//! attempt that sends; both end when dropped, so none is left open by a caller
//! who went away.

use std::time::{Instant, SystemTime};

use http::{HeaderMap, HeaderValue};
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use process::Tracer;

use crate::headers::TRACEPARENT;

type SdkSpan = <Tracer as opentelemetry::trace::Tracer>::Span;

/// One span; ends when dropped.
pub(crate) struct Span(SdkSpan);

impl Span {
    /// Starts a server span, a child of the caller's or a root of its own.
    pub(crate) fn server(tracer: &Tracer, name: &'static str, headers: &HeaderMap) -> Self {
        let parent = headers.get(TRACEPARENT).and_then(parse);
        Self::start(tracer, name, SpanKind::Server, parent)
    }

    /// Starts a client span below `parent`.
    pub(crate) fn client(tracer: &Tracer, name: &'static str, parent: &SpanContext) -> Self {
        Self::start(tracer, name, SpanKind::Client, Some(parent.clone()))
    }

    fn start(tracer: &Tracer, name: &'static str, kind: SpanKind, parent: Option<SpanContext>) -> Self {
        let context = match parent {
            Some(parent) => Context::new().with_remote_span_context(parent),
            None => Context::new(),
        };
        Self(tracer.span_builder(name).with_kind(kind).start_with_context(tracer, &context))
    }

    pub(crate) fn context(&self) -> &SpanContext {
        self.0.span_context()
    }

    pub(crate) fn set(&mut self, key: &'static str, value: impl Into<opentelemetry::Value>) {
        self.0.set_attribute(KeyValue::new(key, value));
    }

    /// Marks an event at an instant that has passed.
    pub(crate) fn event(&mut self, name: &'static str, at: Instant, attributes: Vec<KeyValue>) {
        let time = SystemTime::now().checked_sub(at.elapsed()).unwrap_or_else(SystemTime::now);
        self.0.add_event_with_timestamp(name, time, attributes);
    }

    pub(crate) fn fail(&mut self, why: &'static str) {
        self.0.set_status(Status::error(why));
    }
}

/// The header that makes the next hop a child of `span`.
pub(crate) fn traceparent(span: &SpanContext) -> HeaderValue {
    let mut text = *b"00-................................-................-..";
    let parts = [
        (3..35, &span.trace_id().to_bytes()[..]),
        (36..52, &span.span_id().to_bytes()[..]),
        (53..55, &[span.trace_flags().to_u8()][..]),
    ];
    for (place, bytes) in parts {
        hex::encode_to_slice(bytes, &mut text[place]).expect("two digits a byte");
    }
    HeaderValue::from_bytes(&text).expect("hexadecimal digits and hyphens")
}

fn parse(value: &HeaderValue) -> Option<SpanContext> {
    let mut parts = value.to_str().ok()?.split('-');
    let [version, trace, span, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    if [version, trace, span, flags].map(str::len) != [2, 32, 16, 2] || version == "ff" {
        return None;
    }
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_survives_the_wire() {
        let header = HeaderValue::from_static("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let context = parse(&header).expect("the example of the W3C recommendation");
        assert_eq!(traceparent(&context), header);
    }

    #[test]
    fn a_malformed_traceparent_starts_a_new_trace() {
        let zeros = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        for text in ["", "00", "zz-1-2-3", zeros] {
            assert!(parse(&HeaderValue::from_static(text)).is_none(), "{text}");
        }
    }
}
