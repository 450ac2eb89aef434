//! The lab's traces: one store for as long as the lab lives, whether a run is on or not. What is in it is a picture and
//! never a measure; what did not fit is counted, here and on `/metrics`.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use evidence::traces::{Bounds, Search, Span, Store, TraceId, to_otlp, waterfall};
use serde_json::Value;

use crate::api::traces::{TraceAnswer, TraceList, TraceQuery};

/// Share of traces that is kept whatever happens in them, if nobody says otherwise.
pub(crate) const DEFAULT_RATIO: f64 = 0.1;
/// Traces in an answer, if nobody says how many.
const LIMIT: usize = 20;
const MOST: usize = 1_000;
/// Ids that a refusal of an ambiguous one names.
const NAMED: usize = 5;
/// Where the lab's folder keeps the share, for a controller that adopts it.
const RATIO_FILE: &str = "trace-ratio";

/// Where spans arrive and questions about them.
#[derive(Debug)]
pub(crate) struct TraceDesk {
    store: Mutex<Store>,
    pub(crate) ratio: f64,
    given_up: AtomicU64,
}

/// Why an id is no trace.
#[derive(Debug, thiserror::Error)]
pub enum NoTrace {
    /// Not hexadecimal, or too long.
    #[error("`{0}` is no trace id: 1 to 32 hexadecimal digits")]
    NotAnId(String),
    /// It is not held (any more).
    #[error("no trace `{id}` is held; of {held} held, {evicted} older ones made room")]
    Unknown {
        /// What was asked for.
        id: String,
        /// Traces there are.
        held: usize,
        /// Traces there were.
        evicted: u64,
    },
    /// More than one begins so.
    #[error("several traces begin with `{id}`: {}", .some.join(", "))]
    Ambiguous {
        /// What was asked for.
        id: String,
        /// Some that fit.
        some: Vec<String>,
    },
}

impl TraceDesk {
    pub(crate) fn new(ratio: f64) -> Self {
        Self { store: Mutex::new(Store::new(Bounds::default())), ratio, given_up: AtomicU64::new(0) }
    }

    /// Takes what a process sent; `unread` spans had no id.
    pub(crate) fn take(&self, spans: &[Span], unread: u64) {
        let mut store = self.store();
        for span in spans {
            store.insert(span);
        }
        store.drop_unread(unread);
    }

    /// What the processes themselves gave up, by their own counters.
    pub(crate) fn given_up(&self, spans: u64) {
        self.given_up.store(spans, Ordering::Relaxed);
    }

    pub(crate) fn search(&self, query: &TraceQuery, time: TraceTime) -> TraceList {
        let found = self.store().search(&search_of(query, time));
        TraceList {
            found,
            ratio: Some(self.ratio),
            given_up: self.given_up.load(Ordering::Relaxed),
            zero_unix_ms: time.zero_unix_ms,
        }
    }

    pub(crate) fn one(&self, id: &str, zero_unix_ms: u64) -> Result<TraceAnswer, NoTrace> {
        one(&self.store(), id, zero_unix_ms)
    }

    pub(crate) fn otlp(&self, id: &str) -> Result<Value, NoTrace> {
        otlp(&self.store(), id)
    }

    /// The store on `/metrics`.
    pub(crate) fn exposition(&self) -> String {
        let kept = self.store().kept();
        let line = |name: &str, kind: &str, help: &str, value: u64| {
            format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n")
        };
        [
            line("lab_trace_store_bytes", "gauge", "Memory that traces occupy.", kept.bytes as u64),
            line("lab_trace_store_traces", "gauge", "Traces that are held.", kept.traces as u64),
            line("lab_trace_store_spans", "gauge", "Spans that are held.", kept.spans as u64),
            line(
                "lab_trace_store_evicted_total",
                "counter",
                "Traces that made room for younger ones.",
                kept.evicted,
            ),
            line(
                "lab_trace_store_dropped_total",
                "counter",
                "Spans that arrived and were not taken.",
                kept.dropped,
            ),
        ]
        .concat()
    }

    /// A panic while the store is held leaves it short of one span at worst.
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What moments of a query mean, in milliseconds of Unix time.
#[derive(Debug, Clone, Copy)]
pub struct TraceTime {
    /// Where the clock of the run begins.
    pub zero_unix_ms: u64,
    /// Now; the end of a recording.
    pub now_unix_ms: u64,
}

/// A query of the API as the store takes it.
#[must_use]
pub fn search_of(query: &TraceQuery, time: TraceTime) -> Search {
    let to_ms = match (query.time_ms, query.ago_ms) {
        (Some(at), _) => Some(time.zero_unix_ms + at),
        (None, Some(ago)) => Some(time.now_unix_ms.saturating_sub(ago)),
        (None, None) => None,
    };
    let from_ms = query.last_ms.map(|last| to_ms.unwrap_or(time.now_unix_ms).saturating_sub(last));
    let ns = |ms: f64| (ms.max(0.0) * 1e6) as u64;
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Search {
        service: given(&query.service),
        operation: given(&query.operation),
        min_ns: query.min_ms.map(ns),
        max_ns: query.max_ms.map(ns),
        error: query.error,
        from_ns: from_ms.map(|ms| ms.saturating_mul(1_000_000)),
        to_ns: to_ms.map(|ms| ms.saturating_mul(1_000_000)),
        id: query.id.as_deref().unwrap_or_default().to_lowercase(),
        limit: query.limit.unwrap_or(LIMIT).min(MOST),
    }
}

/// The trace whose id begins so, as rows and as spans.
///
/// # Errors
/// When no trace, or more than one, begins so.
pub fn one(store: &Store, id: &str, zero_unix_ms: u64) -> Result<TraceAnswer, NoTrace> {
    let trace = store.get(find(store, id)?).expect("an id that was just found");
    Ok(TraceAnswer { zero_unix_ms, waterfall: waterfall(&trace), spans: trace.spans })
}

/// The same trace for other tools.
///
/// # Errors
/// When no trace, or more than one, begins so.
pub fn otlp(store: &Store, id: &str) -> Result<Value, NoTrace> {
    let trace = store.get(find(store, id)?).expect("an id that was just found");
    Ok(to_otlp(&trace))
}

fn find(store: &Store, id: &str) -> Result<TraceId, NoTrace> {
    let prefix = id.to_lowercase();
    if prefix.is_empty() || prefix.len() > 32 || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(NoTrace::NotAnId(id.to_owned()));
    }
    match store.ids(&prefix, NAMED)[..] {
        [only] => Ok(only),
        [] => {
            let kept = store.kept();
            Err(NoTrace::Unknown { id: prefix, held: kept.traces, evicted: kept.evicted })
        }
        ref some => {
            Err(NoTrace::Ambiguous { id: prefix, some: some.iter().map(ToString::to_string).collect() })
        }
    }
}

/// A share, as it is typed.
///
/// # Errors
/// What is wrong with it.
pub fn ratio(text: &str) -> Result<f64, String> {
    let ratio: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if (0.0..=1.0).contains(&ratio) { Ok(ratio) } else { Err("a share of all traces is 0 to 1".into()) }
}

/// The share of a lab: of a new one, the one that is asked for; of an adopted one, its own.
pub(crate) fn ratio_of(state_dir: &Path, asked: Option<f64>) -> f64 {
    let path = state_dir.join(RATIO_FILE);
    match asked {
        Some(asked) => {
            if let Err(error) = std::fs::write(&path, asked.to_string()) {
                tracing::warn!(%error, "the share of traces is not remembered");
            }
            asked
        }
        None => std::fs::read_to_string(&path)
            .ok()
            .and_then(|text| ratio(text.trim()).ok())
            .unwrap_or(DEFAULT_RATIO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(trace: u128) -> Span {
        let line = format!(
            r#"{{"trace":"{trace:032x}","span":"0000000000000001","service":"frontend","name":"/","kind":"server",
               "start_unix_ns":1000,"end_unix_ns":9000}}"#
        );
        serde_json::from_str(&line).unwrap()
    }

    #[test]
    fn an_id_is_found_by_what_makes_it_unique() {
        let desk = TraceDesk::new(DEFAULT_RATIO);
        desk.take(&[span(0x1a << 120), span(0x1b << 120)], 0);
        assert_eq!(desk.one("1A", 0).unwrap().spans.len(), 1);
        assert!(matches!(desk.one("1", 0), Err(NoTrace::Ambiguous { some, .. }) if some.len() == 2));
        assert!(matches!(desk.one("2", 0), Err(NoTrace::Unknown { held: 2, .. })));
        for bad in ["", "xyz", &"1".repeat(33)] {
            assert!(matches!(desk.one(bad, 0), Err(NoTrace::NotAnId(_))), "{bad}");
        }
    }

    #[test]
    fn moments_are_on_the_clock_of_the_run() {
        let time = TraceTime { zero_unix_ms: 1_000_000, now_unix_ms: 1_300_000 };
        let span = |query: TraceQuery| {
            let search = search_of(&query, time);
            (search.from_ns.map(|ns| ns / 1_000_000), search.to_ns.map(|ns| ns / 1_000_000))
        };
        let last_ms = Some(10_000);
        assert_eq!(span(TraceQuery::default()), (None, None));
        assert_eq!(span(TraceQuery { last_ms, ..TraceQuery::default() }), (Some(1_290_000), None));
        let at = TraceQuery { time_ms: Some(134_000), last_ms, ..TraceQuery::default() };
        assert_eq!(span(at), (Some(1_124_000), Some(1_134_000)));
        let ago = TraceQuery { ago_ms: Some(60_000), ..TraceQuery::default() };
        assert_eq!(span(ago), (None, Some(1_240_000)));
    }

    #[test]
    fn what_is_not_taken_is_on_the_metrics() {
        let desk = TraceDesk::new(DEFAULT_RATIO);
        desk.take(&[span(1)], 3);
        let text = desk.exposition();
        assert!(text.contains("\nlab_trace_store_dropped_total 3\n"), "{text}");
        assert!(text.contains("\nlab_trace_store_traces 1\n"), "{text}");
    }

    #[test]
    fn a_share_is_between_nothing_and_all() {
        assert_eq!(ratio("0.25"), Ok(0.25));
        for bad in ["", "all", "-0.1", "1.1", "NaN"] {
            assert!(ratio(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_otlp_export_is_what_opentelemetry_reads() {
        use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
        let desk = TraceDesk::new(DEFAULT_RATIO);
        let mut own = span(0x1a << 120);
        own.error = true;
        own.message = "no answer in time".into();
        own.attributes.insert("policy.version".into(), 3.into());
        own.attributes.insert("order.id".into(), "o7".into());
        own.attributes.insert("share".into(), 0.5.into());
        desk.take(&[own.clone()], 0);
        let export = desk.otlp("1a").unwrap();
        let read: ExportTraceServiceRequest = serde_json::from_value(export).expect("OTLP/JSON");
        let back = crate::otlp::spans(read);
        assert_eq!(back.spans, [own]);
    }
}
