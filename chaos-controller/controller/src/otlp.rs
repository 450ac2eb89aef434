//! The OTLP trace receiver: spans as one JSON line each, into the run's folder while a run is on, counted otherwise.
//! Bounded by the book; rates never come from traces, so a dropped span costs a picture and no verdict.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceService;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Map, Value, json};
use tonic::{Request, Response, Status};

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
        let book = self.lab.book().filter(|book| book.recording());
        let mut lines = String::new();
        let mut spans = 0;
        for resource in request.into_inner().resource_spans {
            let attributes =
                resource.resource.map(|resource| attributes(&resource.attributes)).unwrap_or_default();
            let instance = attributes.get("service.instance.id").cloned().unwrap_or_default();
            for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
                spans += 1;
                if book.is_some() {
                    lines.push_str(&line(&instance, span).to_string());
                    lines.push('\n');
                }
            }
        }
        match book {
            Some(book) => book.traced(&lines, spans),
            None => {
                self.lab.idle_spans.fetch_add(spans, Ordering::Relaxed);
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn line(instance: &Value, span: &Span) -> Value {
    json!({
        "trace": hex::encode(&span.trace_id),
        "span": hex::encode(&span.span_id),
        "parent": hex::encode(&span.parent_span_id),
        "instance": instance,
        "name": span.name,
        "kind": span.kind,
        "start_unix_ns": span.start_time_unix_nano,
        "end_unix_ns": span.end_time_unix_nano,
        "error": span.status.as_ref().is_some_and(|status| status.code == 2),
        "attributes": attributes(&span.attributes),
        "events": span.events.iter().map(|event| json!({
            "name": event.name,
            "unix_ns": event.time_unix_nano,
            "attributes": attributes(&event.attributes),
        })).collect::<Vec<_>>(),
    })
}

fn attributes(pairs: &[KeyValue]) -> Map<String, Value> {
    pairs.iter().map(|pair| (pair.key.clone(), value(pair.value.as_ref()))).collect()
}

fn value(any: Option<&AnyValue>) -> Value {
    match any.and_then(|any| any.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => json!(text),
        Some(any_value::Value::BoolValue(flag)) => json!(flag),
        Some(any_value::Value::IntValue(number)) => json!(number),
        Some(any_value::Value::DoubleValue(number)) => json!(number),
        // Lists, maps and bytes are used by nobody in the lab.
        _ => Value::Null,
    }
}
