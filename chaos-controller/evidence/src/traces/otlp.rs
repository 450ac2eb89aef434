//! A trace in OTLP/JSON, which Jaeger, Tempo and the OpenTelemetry collector read: ids in hexadecimal, 64-bit numbers
//! as text, spans grouped by the process that recorded them.
//!
//! Source: OpenTelemetry protocol 1.x, "JSON Protobuf Encoding".

use serde_json::{Map, Value, json};

use super::span::{Kind, Span, Trace};

/// The instrumentation's name, as the processes send it.
const SCOPE: &str = "firedrill";

/// An `ExportTraceServiceRequest`.
#[must_use]
pub fn to_otlp(trace: &Trace) -> Value {
    let mut processes: Vec<(&str, Vec<&Span>)> = Vec::new();
    for span in &trace.spans {
        match processes.iter_mut().find(|(instance, _)| *instance == span.instance) {
            Some((_, spans)) => spans.push(span),
            None => processes.push((&span.instance, vec![span])),
        }
    }
    let resource_spans: Vec<Value> = processes
        .into_iter()
        .map(|(instance, spans)| {
            let mut resource = Map::new();
            resource.insert("service.name".into(), spans[0].service.clone().into());
            resource.insert("service.instance.id".into(), instance.into());
            json!({
                "resource": {"attributes": attributes(&resource)},
                "scopeSpans": [{"scope": {"name": SCOPE}, "spans": spans.iter().map(|span| one(span)).collect::<Vec<_>>()}],
            })
        })
        .collect();
    json!({ "resourceSpans": resource_spans })
}

fn one(span: &Span) -> Value {
    let kind = match span.kind {
        Kind::Internal => 1,
        Kind::Server => 2,
        Kind::Client => 3,
    };
    let events: Vec<Value> = span
        .events
        .iter()
        .map(|event| {
            json!({
                "timeUnixNano": event.unix_ns.to_string(),
                "name": event.name,
                "attributes": attributes(&event.attributes),
            })
        })
        .collect();
    json!({
        "traceId": span.trace,
        "spanId": span.span,
        "parentSpanId": span.parent.map_or_else(String::new, |parent| parent.to_string()),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": span.start_unix_ns.to_string(),
        "endTimeUnixNano": span.end_unix_ns.to_string(),
        "attributes": attributes(&span.attributes),
        "events": events,
        // Unset, or error: that a server is content is not for it to say.
        "status": if span.error { json!({"code": 2, "message": span.message}) } else { json!({}) },
    })
}

fn attributes(attributes: &Map<String, Value>) -> Vec<Value> {
    attributes.iter().map(|(key, value)| json!({"key": key, "value": any(value)})).collect()
}

fn any(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({ "stringValue": text }),
        Value::Bool(flag) => json!({ "boolValue": flag }),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => json!({ "intValue": whole.to_string() }),
            None => json!({ "doubleValue": number }),
        },
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testbed::{incident, trace};
    use super::*;

    #[test]
    fn spans_are_grouped_by_the_process_that_recorded_them() {
        let export = to_otlp(&trace(incident(1)));
        let groups = export["resourceSpans"].as_array().unwrap();
        assert_eq!(groups.len(), 6);
        let spans = |group: &Value| group["scopeSpans"][0]["spans"].as_array().unwrap().len();
        assert_eq!(groups.iter().map(spans).sum::<usize>(), 11);
        let first = &groups[0]["scopeSpans"][0]["spans"][0];
        assert_eq!((&first["parentSpanId"], &first["kind"]), (&json!(""), &json!(2)));
        assert_eq!(first["status"]["code"], 2);
        assert_eq!(first["traceId"], "00000000000000000000000000000001");
    }
}
