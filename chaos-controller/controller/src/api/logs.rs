//! Log lines on the wire.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `GET /api/logs?service=&level=&trace=&since_ms=&limit=`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogQuery {
    /// Service, or one instance of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Least level: `error`, `warn`, `info` or `debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// First digits of the id of a trace that the line belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// Only lines after this, milliseconds of Unix time, with a fraction if need be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<f64>,
    /// Most that are given, the newest; 200 if absent, at most 5,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// Its answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Logs {
    /// The newest lines that match, oldest first.
    pub lines: Vec<LogLine>,
    /// Instances whose older lines were not looked at: their files are longer than is read at once.
    pub cut: Vec<String>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// When, microseconds of Unix time.
    pub unix_us: u64,
    /// `ERROR`, `WARN`, `INFO` or `DEBUG`.
    pub level: String,
    /// Such as `payment`.
    pub service: String,
    /// Such as `payment-0`.
    pub instance: String,
    /// The part of the program that wrote it.
    pub target: String,
    /// The constant words.
    pub message: String,
    /// The trace that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The values.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
}
