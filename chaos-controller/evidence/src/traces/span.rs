//! A span as it is read and written: one line of `spans.jsonl`, one element of the API's answer. Ids are hexadecimal
//! there and numbers here; what a line leaves out is empty.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

/// The id that all spans of one trace share; never zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub u128);

/// The id of a span within its trace; never zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub u64);

/// Which side of a call a span was recorded on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Neither side of a call.
    #[default]
    Internal,
    /// The side that is called.
    Server,
    /// The side that calls: one attempt.
    Client,
}

/// One span.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// The trace that it belongs to.
    pub trace: TraceId,
    /// Its own id.
    pub span: SpanId,
    /// The span that caused it; `None` for the root.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "parent")]
    pub parent: Option<SpanId>,
    /// Service that recorded it, such as `payment`.
    #[serde(default)]
    pub service: String,
    /// Process that recorded it, such as `payment-0`.
    #[serde(default)]
    pub instance: String,
    /// Operation: a route, a method, or `target.method` for a call.
    pub name: String,
    /// Which side of a call.
    pub kind: Kind,
    /// Start, nanoseconds of Unix time by the recording process's clock.
    pub start_unix_ns: u64,
    /// End, the same.
    pub end_unix_ns: u64,
    /// Whether it failed, as its own process judged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub error: bool,
    /// What its process said of the failure; empty without one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Attributes by name; values are text, numbers or booleans.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
    /// What happened during it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

/// Something that happened during a span.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What.
    pub name: String,
    /// When, nanoseconds of Unix time.
    pub unix_ns: u64,
    /// More of it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
}

/// All that came of one trace, in the order of its starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Its id.
    pub id: TraceId,
    /// Its spans.
    pub spans: Vec<Span>,
}

impl Span {
    /// Nanoseconds from its start to its end; 0 if a clock ran backwards.
    #[must_use]
    pub fn took_ns(&self) -> u64 {
        self.end_unix_ns.saturating_sub(self.start_unix_ns)
    }

    /// An attribute that is text.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.attributes.get(key)?.as_str()
    }

    /// An attribute that is a whole number.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<i64> {
        self.attributes.get(key)?.as_i64()
    }

    /// Nanoseconds that it waited in its server's queue before a worker took it.
    #[must_use]
    pub fn queue_ns(&self) -> u64 {
        let ms = self.attributes.get("queue.wait_ms").and_then(Value::as_f64).unwrap_or_default();
        ((ms.max(0.0) * 1e6) as u64).min(self.took_ns())
    }

    /// How often this was tried before.
    #[must_use]
    pub fn resends(&self) -> u32 {
        self.number("http.request.resend_count").and_then(|n| u32::try_from(n).ok()).unwrap_or_default()
    }

    /// What it was answered with, whichever protocol spoke.
    #[must_use]
    pub fn status(&self) -> Option<String> {
        ["rpc.response.status_code", "http.response.status_code"].iter().find_map(|key| {
            match self.attributes.get(*key)? {
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            }
        })
    }

    /// The target and the method of a call, from its name `target.method`.
    #[must_use]
    pub fn called(&self) -> Option<(&str, &str)> {
        (self.kind == Kind::Client).then(|| self.name.split_once('.')).flatten()
    }
}

impl Trace {
    /// A trace of these spans, brought into order.
    #[must_use]
    pub fn new(id: TraceId, mut spans: Vec<Span>) -> Self {
        // A parent before what it starts at the same nanosecond, as far as ids can tell.
        spans.sort_by_key(|span| (span.start_unix_ns, u64::MAX - span.end_unix_ns));
        Self { id, spans }
    }
}

impl TraceId {
    /// From 32 hexadecimal digits; `None` for anything else, and for zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let id = u128::from_str_radix(text, 16).ok().filter(|id| fits && *id != 0)?;
        Some(Self(id))
    }

    /// Whether its digits begin with these (lower case).
    #[must_use]
    pub fn begins_with(self, prefix: &str) -> bool {
        self.to_string().starts_with(prefix)
    }
}

impl SpanId {
    /// From 16 hexadecimal digits; `None` for anything else, and for zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let id = u64::from_str_radix(text, 16).ok().filter(|id| fits && *id != 0)?;
        Some(Self(id))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TraceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for SpanId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("a trace id is 32 hexadecimal digits"))
    }
}

impl<'de> Deserialize<'de> for SpanId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("a span id is 16 hexadecimal digits"))
    }
}

/// Recordings of version 0.1 write a root's parent as an empty text.
fn parent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SpanId>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.as_deref().and_then(SpanId::parse))
}

impl<'de> Deserialize<'de> for Kind {
    /// As a word, or as the number that OTLP has for it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(match (value.as_str(), value.as_i64()) {
            (Some("server"), _) | (_, Some(2)) => Self::Server,
            (Some("client"), _) | (_, Some(3)) => Self::Client,
            _ => Self::Internal,
        })
    }
}
