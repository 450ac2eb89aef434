//! Traces on the wire: a list with what the lab knows about what it does not hold, and one trace as spans and as rows.

use evidence::traces::{Found, Span, Waterfall};
use serde::{Deserialize, Serialize};

/// `GET /api/traces?service=&operation=&min_ms=&max_ms=&error=&id=&limit=&time_ms=&ago_ms=&last_ms=`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceQuery {
    /// Service that took part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Part of an operation's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Shortest duration in milliseconds: of a span of that service and operation, or of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_ms: Option<f64>,
    /// Longest duration, the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<f64>,
    /// Only what failed.
    pub error: bool,
    /// First digits of the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Most that are given; 20 if absent, at most 1,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Only what began before this, milliseconds on the clock of the run (of the lab, if there was none).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<u64>,
    /// The same, so long before now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ago_ms: Option<u64>,
    /// Only what began at most so long before that moment, or before now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ms: Option<u64>,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TraceList {
    /// What was found, and the store's own counts.
    #[serde(flatten)]
    pub found: Found,
    /// Share of traces that is kept whatever happens in them; `None` for a recording, which does not say.
    pub ratio: Option<f64>,
    /// Spans that the processes themselves gave up: more than 20 exceptional traces a second, or a full queue.
    pub given_up: u64,
    /// Where the clock of the run begins (of the lab, if there was none), milliseconds of Unix time; 0 if unknown.
    #[serde(default)]
    pub zero_unix_ms: u64,
}

/// `GET /api/traces/{id}`, the id whole or its first digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TraceAnswer {
    /// As in a list.
    #[serde(default)]
    pub zero_unix_ms: u64,
    /// The trace as rows, with its critical path and its first broken edge.
    pub waterfall: Waterfall,
    /// The spans as they came.
    pub spans: Vec<Span>,
}
