//! Spans of a hop, and the W3C `traceparent` between hops.
//!
//! A server span lives in the job that a worker runs, a client span in the
//! attempt that sends; both end when dropped, so none is left open by a caller
//! who went away. Attributes are set at the end, and only on a span that may
//! leave the process: sampled, failed or slow. Most do not.

use std::borrow::Cow;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderValue};
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use process::{Process, SLOW_SPAN, Sampling, Tracer};

use crate::headers::TRACEPARENT;

type SdkSpan = <Tracer as opentelemetry::trace::Tracer>::Span;

/// What spans are recorded with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Recorder {
    tracer: Tracer,
    sampling: Sampling,
}

/// One span; ends when dropped.
pub(crate) struct Span {
    span: SdkSpan,
    sampled: bool,
    began: Instant,
}

impl Recorder {
    pub(crate) fn of(process: &Process) -> Self {
        Self { tracer: process.tracer.clone(), sampling: process.sampling.clone() }
    }

    /// Starts a server span, a child of the caller's or a root of its own.
    pub(crate) fn server(&self, name: &'static str, headers: &HeaderMap) -> Span {
        let parent = headers.get(TRACEPARENT).and_then(parse);
        self.start(name, SpanKind::Server, parent)
    }

    /// Starts a client span below `parent`.
    pub(crate) fn client(&self, name: &'static str, parent: &SpanContext) -> Span {
        self.start(name, SpanKind::Client, Some(parent.clone()))
    }

    fn start(&self, name: &'static str, kind: SpanKind, parent: Option<SpanContext>) -> Span {
        let context = match parent {
            Some(parent) => Context::new().with_remote_span_context(parent),
            None => Context::new(),
        };
        let span = self.tracer.span_builder(name).with_kind(kind).start_with_context(&self.tracer, &context);
        let sampled = self.sampling.samples(span.span_context().trace_id());
        Span { span, sampled, began: Instant::now() }
    }
}

impl Span {
    /// Whether it is worth describing: it may leave the process.
    pub(crate) fn matters(&self, failed: bool) -> bool {
        self.sampled || failed || self.began.elapsed() > SLOW_SPAN
    }

    pub(crate) fn context(&self) -> &SpanContext {
        self.span.span_context()
    }

    pub(crate) fn set(&mut self, key: &'static str, value: impl Into<opentelemetry::Value>) {
        self.span.set_attribute(KeyValue::new(key, value));
    }

    /// Since it began.
    pub(crate) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// What was known when the work, or the attempt, began.
    pub(crate) fn began_with(&mut self, start: &Onset) {
        self.waited_with(start);
        if !start.waited.is_zero() {
            let time = SystemTime::now()
                .checked_sub(self.began.elapsed().saturating_sub(start.waited))
                .unwrap_or_else(SystemTime::now);
            self.span.add_event_with_timestamp("worker started", time, vec![]);
        }
    }

    /// The same of work that never began.
    pub(crate) fn waited_with(&mut self, start: &Onset) {
        self.set("policy.version", i64::try_from(start.policy).unwrap_or(i64::MAX));
        if let Some(left) = start.left {
            self.set("deadline.remaining_ms", i64::try_from(left.as_millis()).unwrap_or(i64::MAX));
        }
        if !start.waited.is_zero() {
            let ms = (start.waited.as_secs_f64() * 1e6).round() / 1e3;
            self.set("queue.wait_ms", ms);
        }
    }

    /// The order that it is about.
    pub(crate) fn concerns(&mut self, order: Option<&str>) {
        if let Some(order) = order {
            self.set("order.id", order.to_owned());
        }
    }

    pub(crate) fn fail(&mut self, why: impl Into<Cow<'static, str>>) {
        self.span.set_status(Status::error(why));
    }
}

/// What is known of a span when its work, or its attempt, begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Onset {
    /// Version of the policy that it runs under.
    pub(crate) policy: u64,
    /// What is left until its deadline, if it has one.
    pub(crate) left: Option<Duration>,
    /// How long it waited for a worker.
    pub(crate) waited: Duration,
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
impl Recorder {
    /// One whose spans, of which none is sampled, end at `processor`.
    pub(crate) fn into(processor: impl opentelemetry_sdk::trace::SpanProcessor + 'static) -> Self {
        use opentelemetry::trace::TracerProvider as _;
        let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder();
        let tracer = provider.with_span_processor(processor).build().tracer("test");
        Self { tracer, sampling: Sampling::default() }
    }
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
