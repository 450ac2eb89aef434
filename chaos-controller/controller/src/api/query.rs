//! Questions to the live samples, on the wire: the shape of Prometheus' own HTTP API, so that its clients can read it.
//! Under `/api` times are milliseconds, under `/api/v1` seconds of Unix time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Answer of `/api/query`, `/api/query_range` and of their twins under `/api/v1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// `success`.
    pub status: String,
    pub data: Data,
    /// Why an answer is empty, in words: unknown metrics with near ones, or the label values that there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub infos: Vec<String>,
}

/// What a query comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub enum Data {
    Scalar(Point),
    String(Point),
    Vector(Vec<Instant>),
    Matrix(Vec<Range>),
}

/// A time and a value; the value is text, because JSON has no `NaN`.
pub type Point = (Time, String);

/// Whole milliseconds, or seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Time {
    Millis(u64),
    Seconds(f64),
}

/// One series at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instant {
    pub metric: BTreeMap<String, String>,
    pub value: Point,
}

/// One series over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Range {
    pub metric: BTreeMap<String, String>,
    pub values: Vec<Point>,
}

/// Element of `GET /api/metrics`: a metric that the window holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// As it is queried; of a histogram without `_bucket`, `_sum` and `_count`.
    pub name: String,
    /// `counter`, `gauge`, `histogram`, or empty if nobody said.
    pub kind: String,
    /// What it is, in the words of the process that exposes it.
    pub help: String,
    /// Series of it that are alive now.
    pub series: usize,
    /// Its labels with their values, the first ones of them where there are many.
    pub labels: BTreeMap<String, Vec<String>>,
}

/// Body of a query that was refused (400) or could not be evaluated (422).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NoAnswer {
    /// `error`.
    pub status: String,
    /// `bad_data` or `execution`.
    #[serde(rename = "errorType")]
    pub error_type: String,
    pub error: String,
    /// Of a refused query: path, message, offset (bytes), allowed, hint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Value>,
}
