//! The answers of Prometheus' query API.

use std::collections::BTreeMap;

use serde_json::Value;

/// Points by the labels of their series; times in ms since the zero of the recording. A scalar is a series without
/// labels.
pub type Answer = BTreeMap<BTreeMap<String, String>, Vec<(u64, f64)>>;

/// Reads an answer, or its complaint.
pub(super) fn read(answer: &Value, zero_ms: u64) -> Result<Answer, String> {
    if answer["status"] != "success" {
        return Err(answer["error"].as_str().unwrap_or("no reason given").to_owned());
    }
    let data = &answer["data"];
    let result = &data["result"];
    let point = |point: &Value| {
        let seconds = point[0].as_f64().expect("a point has a time");
        let value = point[1].as_str().expect("a point has a value");
        ((seconds * 1_000.0).round() as u64 - zero_ms, value.parse().expect("a value is a number"))
    };
    let mut series = Answer::new();
    match data["resultType"].as_str() {
        Some("scalar") => {
            series.insert(BTreeMap::new(), vec![point(result)]);
        }
        Some("vector" | "matrix") => {
            for one in result.as_array().into_iter().flatten() {
                let labels = one["metric"].as_object().into_iter().flatten();
                let labels =
                    labels.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
                let points = match one["values"].as_array() {
                    Some(values) => values.iter().map(point).collect(),
                    None => vec![point(&one["value"])],
                };
                series.insert(labels.collect(), points);
            }
        }
        other => return Err(format!("an answer of type {other:?}")),
    }
    Ok(series)
}
