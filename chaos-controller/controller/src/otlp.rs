//! The OTLP trace receiver: spans into the lab's store, and while a run is on also, a JSON line each, into its folder.
//! Both are bounded and count what they do not take; rates never come from traces, so a lost span costs a picture and
//! no verdict.

use std::sync::Arc;

use evidence::traces::{Event, Kind, Span, SpanId, TraceId};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceService;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span as WireSpan;
use serde_json::{Map, Value, json};
use tonic::{Request, Response, Status};

use crate::bank::BANK;
use crate::lab::Lab;

/// The gRPC service.
#[derive(Clone)]
pub(crate) struct TraceReceiver {
    pub(crate) lab: Arc<Lab>,
}

#[tonic::async_trait]
impl TraceService for TraceReceiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let Read { spans, unread } = spans(request.into_inner());
        if let Some(book) = self.lab.book().filter(|book| book.recording()) {
            book.traced(&spans);
        }
        self.lab.traces.take(&spans, unread);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// What a process sent.
pub(crate) struct Read {
    pub(crate) spans: Vec<Span>,
    /// Spans without an id that could be one.
    pub(crate) unread: u64,
}

/// The spans of a request, each with the process that its resource names.
pub(crate) fn spans(request: ExportTraceServiceRequest) -> Read {
    let mut read = Read { spans: Vec::new(), unread: 0 };
    for resource in request.resource_spans {
        let about = resource.resource.map(|resource| attributes(resource.attributes)).unwrap_or_default();
        let text = |key: &str| about.get(key).and_then(Value::as_str).unwrap_or_default();
        let (service, instance) = (text("service.name"), text("service.instance.id"));
        for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            match one(service, instance, span) {
                // Everything that the shop asks the bank has a parent. What has none is a probe of the controller's own,
                // and would tell everybody when the bank is measured and that it is slow without the shop.
                Some(span) if service == BANK && span.parent.is_none() => {}
                Some(span) => read.spans.push(span),
                None => read.unread += 1,
            }
        }
    }
    read
}

fn one(service: &str, instance: &str, span: WireSpan) -> Option<Span> {
    let id = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_be_bytes).filter(|id| *id != 0).map(SpanId);
    let trace = span.trace_id.as_slice().try_into().ok().map(u128::from_be_bytes).filter(|id| *id != 0)?;
    let (error, message) = span.status.map_or((false, String::new()), |status| {
        let error = status.code == 2;
        (error, if error { status.message } else { String::new() })
    });
    Some(Span {
        trace: TraceId(trace),
        span: id(&span.span_id)?,
        parent: id(&span.parent_span_id),
        service: service.to_owned(),
        instance: instance.to_owned(),
        name: span.name,
        kind: match span.kind {
            2 => Kind::Server,
            3 => Kind::Client,
            _ => Kind::Internal,
        },
        start_unix_ns: span.start_time_unix_nano,
        end_unix_ns: span.end_time_unix_nano,
        error,
        message,
        attributes: attributes(span.attributes),
        events: span
            .events
            .into_iter()
            .map(|event| Event {
                name: event.name,
                unix_ns: event.time_unix_nano,
                attributes: attributes(event.attributes),
            })
            .collect(),
    })
}

fn attributes(pairs: Vec<KeyValue>) -> Map<String, Value> {
    pairs.into_iter().map(|pair| (pair.key, value(pair.value))).collect()
}

fn value(any: Option<AnyValue>) -> Value {
    match any.and_then(|any| any.value) {
        Some(any_value::Value::StringValue(text)) => json!(text),
        Some(any_value::Value::BoolValue(flag)) => json!(flag),
        Some(any_value::Value::IntValue(number)) => json!(number),
        Some(any_value::Value::DoubleValue(number)) => json!(number),
        // Lists, maps and bytes are used by nobody in the lab.
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};

    use super::*;

    fn export(service: &str, parent: &[u8]) -> ExportTraceServiceRequest {
        let name = any_value::Value::StringValue(service.to_owned());
        let attribute = KeyValue {
            key: "service.name".to_owned(),
            value: Some(AnyValue { value: Some(name) }),
            ..KeyValue::default()
        };
        let span = WireSpan {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            parent_span_id: parent.to_vec(),
            ..WireSpan::default()
        };
        let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
        let resource = Some(Resource { attributes: vec![attribute], ..Resource::default() });
        let spans = ResourceSpans { resource, scope_spans, ..ResourceSpans::default() };
        ExportTraceServiceRequest { resource_spans: vec![spans] }
    }

    #[test]
    fn a_call_of_the_bank_that_nobody_of_the_shop_made_is_not_taken() {
        let taken = |service, parent: &[u8]| spans(export(service, parent)).spans.len();
        assert_eq!((taken("bank", &[]), taken("bank", &[3; 8]), taken("frontend", &[])), (0, 1, 1));
    }
}
