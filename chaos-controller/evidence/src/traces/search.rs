//! Finding traces: by service, operation, duration, failure and the first digits of the id. One pass over summaries
//! that the store keeps ready, newest first; only spans of traces that can match are looked at.

use serde::{Deserialize, Serialize};

use super::broken::{BrokenEdge, first_broken_edge};
use super::groups::{Group, groups};
use super::packed::Packed;
use super::span::TraceId;
use super::store::{Kept, Slot, Store, bit};

/// Traces that one search tells the verdicts of: a tenth of a second of work.
const MOST_GROUPED: usize = 20_000;

/// What is looked for. With a service or an operation, durations and failure are those of the spans that match them;
/// else those of the whole request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Search {
    /// Service that took part.
    pub service: Option<String>,
    /// Part of the name of an operation, in any case.
    pub operation: Option<String>,
    /// Shortest, in nanoseconds.
    pub min_ns: Option<u64>,
    /// Longest, in nanoseconds.
    pub max_ns: Option<u64>,
    /// Only what failed.
    pub error: bool,
    /// Only what began at this or later, nanoseconds of Unix time.
    pub from_ns: Option<u64>,
    /// Only what began before this, the same.
    pub to_ns: Option<u64>,
    /// First digits of the id.
    pub id: String,
    /// Most that are given; 0 gives none and still counts.
    pub limit: usize,
}

/// A trace in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Its id.
    pub trace: TraceId,
    /// Service of the root; of the first span if the root did not come.
    pub service: String,
    /// Operation of the same.
    pub operation: String,
    /// Start of the same, nanoseconds of Unix time.
    pub start_unix_ns: u64,
    /// Its duration, in nanoseconds; without a root, from the first start to the last end.
    pub took_ns: u64,
    /// The longest of the spans that the service or the operation looked for means, in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_ns: Option<u64>,
    /// Spans that came.
    pub spans: usize,
    /// Services that took part, in the order of their first spans.
    pub services: Vec<String>,
    /// Spans that failed.
    pub errors: usize,
    /// Whether the request failed: its root, or without one anything in it.
    pub error: bool,
    /// False when the root did not come: unsampled, lost, or still running.
    pub rooted: bool,
    /// Which call broke first, if it failed or was slow.
    pub broken: Option<BrokenEdge>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The newest that match, whole ones first.
    pub traces: Vec<Summary>,
    /// How many match.
    pub matched: usize,
    /// How many of these came without their first span: still running, not kept, or lost. They are given last.
    pub rootless: usize,
    /// Where they broke, most telling first: of the newest `grouped` of those that match.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Traces that the groups are of.
    #[serde(default)]
    pub grouped: usize,
    /// The slowest span of the service and operation asked for, whatever its duration: what an empty answer tells.
    pub slowest: Option<Slowest>,
    /// Every service that is known.
    pub services: Vec<String>,
    /// The store behind the answer.
    pub kept: Kept,
}

/// The slowest there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slowest {
    /// The trace it is in.
    pub trace: TraceId,
    /// Nanoseconds it took.
    pub took_ns: u64,
}

impl Store {
    /// When the last span of all ended, nanoseconds of Unix time; 0 without any.
    #[must_use]
    pub fn end_unix_ns(&self) -> u64 {
        self.slots.iter().map(|slot| slot.end_ns).max().unwrap_or_default()
    }

    /// Searches all that is held.
    #[must_use]
    pub fn search(&self, search: &Search) -> Found {
        let wanted = Wanted::of(self, search);
        let mut matching: Vec<&Slot> = Vec::new();
        let mut slowest: Option<Slowest> = None;
        for slot in &self.slots {
            let Some(took_ns) = wanted.longest(slot) else { continue };
            if slowest.as_ref().is_none_or(|slowest| slowest.took_ns < took_ns) {
                slowest = Some(Slowest { trace: slot.id, took_ns });
            }
            if wanted.matches(slot) {
                matching.push(slot);
            }
        }
        // A list of what a person can read: what came without its first span, as every trace is for a moment, is last.
        matching.sort_by_key(|slot| (slot.root.is_none(), std::cmp::Reverse(slot.start_ns)));
        let rootless = matching.iter().filter(|slot| slot.root.is_none()).count();
        let traces = matching
            .iter()
            .take(search.limit)
            .map(|slot| Summary { matched_ns: wanted.matched(slot), ..self.summary(slot) })
            .collect();
        let grouped = &matching[..matching.len().min(MOST_GROUPED)];
        let groups = groups(grouped.iter().map(|slot| (self.unpack(slot), slot.root.is_some())));
        Found {
            traces,
            matched: matching.len(),
            rootless,
            grouped: grouped.len(),
            groups,
            slowest,
            services: self.services(),
            kept: self.kept(),
        }
    }

    fn summary(&self, slot: &Slot) -> Summary {
        let trace = self.unpack(slot);
        let root = trace.spans.iter().find(|span| span.parent.is_none());
        let first = root.unwrap_or(&trace.spans[0]);
        let mut services: Vec<String> = Vec::new();
        for span in &trace.spans {
            if !services.contains(&span.service) {
                services.push(span.service.clone());
            }
        }
        Summary {
            trace: slot.id,
            service: first.service.clone(),
            operation: first.name.clone(),
            start_unix_ns: first.start_unix_ns,
            took_ns: slot.took_ns(),
            matched_ns: None,
            spans: trace.spans.len(),
            services,
            errors: slot.errors as usize,
            error: slot.failed(),
            rooted: root.is_some(),
            broken: first_broken_edge(&trace),
        }
    }

    fn services(&self) -> Vec<String> {
        // Few are asked for and few there are: looked up in the traces, since the table also holds other names.
        let mut known = std::collections::BTreeSet::new();
        let mut seen = 0_u64;
        for slot in &self.slots {
            if slot.services & !seen != 0 || slot.services & bit(u16::MAX) != 0 {
                known.extend(slot.spans.iter().map(|span| span.service));
                seen |= slot.services;
            }
        }
        let mut services: Vec<String> =
            known.into_iter().map(|number| self.names.text(number).to_owned()).collect();
        services.sort();
        services
    }
}

/// A search with its names looked up once.
struct Wanted<'a> {
    store: &'a Store,
    search: &'a Search,
    operation: Option<String>,
    /// Bits of a trace that can match; `None` when any can.
    service: Option<u64>,
}

impl<'a> Wanted<'a> {
    fn of(store: &'a Store, search: &'a Search) -> Self {
        let service = search.service.as_ref().map(|name| store.names.find(name).map_or(0, bit));
        let operation = search.operation.as_ref().map(|name| name.to_lowercase());
        Self { store, search, operation, service }
    }

    /// The longest duration that the search is about, whatever its bounds; `None` if the trace has no such span.
    fn longest(&self, slot: &Slot) -> Option<u64> {
        if self.service.is_some_and(|service| slot.services & service == 0)
            || self.search.from_ns.is_some_and(|from| slot.start_ns < from)
            || self.search.to_ns.is_some_and(|to| slot.start_ns >= to)
            || !self.search.id.is_empty() && !slot.id.begins_with(&self.search.id)
        {
            return None;
        }
        if self.whole() {
            return Some(slot.took_ns());
        }
        slot.spans.iter().filter(|span| self.names(span)).map(Packed::took_ns).max()
    }

    fn matches(&self, slot: &Slot) -> bool {
        if self.whole() {
            return self.bounds(slot.took_ns()) && (!self.search.error || slot.errors > 0);
        }
        let mut spans = slot.spans.iter();
        spans
            .any(|span| self.names(span) && self.bounds(span.took_ns()) && (!self.search.error || span.error))
    }

    /// The longest span that is meant, if not the request is.
    fn matched(&self, slot: &Slot) -> Option<u64> {
        if self.whole() {
            return None;
        }
        let meant = |span: &&Packed| {
            self.names(span) && self.bounds(span.took_ns()) && (!self.search.error || span.error)
        };
        slot.spans.iter().filter(meant).map(Packed::took_ns).max()
    }

    /// Neither a service nor an operation is named: the request is meant.
    fn whole(&self) -> bool {
        self.service.is_none() && self.operation.is_none()
    }

    fn names(&self, span: &Packed) -> bool {
        let named = |number: u16, wanted: &str| self.store.names.text(number) == wanted;
        self.search.service.as_ref().is_none_or(|service| named(span.service, service))
            && self
                .operation
                .as_ref()
                .is_none_or(|part| self.store.names.text(span.name).to_lowercase().contains(part))
    }

    fn bounds(&self, took_ns: u64) -> bool {
        self.search.min_ns.is_none_or(|min| took_ns >= min)
            && self.search.max_ns.is_none_or(|max| took_ns <= max)
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::Bounds;
    use super::super::testbed::{checkout, incident, server};
    use super::*;

    fn held() -> Store {
        let mut store = Store::new(Bounds::default());
        for span in
            checkout(1).into_iter().chain(incident(2)).chain([server(3, 1, 0, "search", "Query", 9, 1_500)])
        {
            store.insert(&span);
        }
        store
    }

    fn found(search: Search) -> Vec<u128> {
        held().search(&Search { limit: 10, ..search }).traces.iter().map(|trace| trace.trace.0).collect()
    }

    #[test]
    fn without_a_wish_all_come_newest_first() {
        assert_eq!(found(Search::default()), [3, 2, 1]);
        assert_eq!(held().search(&Search { limit: 1, ..Search::default() }).matched, 3);
    }

    #[test]
    fn a_service_an_operation_and_a_duration_mean_one_span() {
        let payment = || Search { service: Some("payment".into()), ..Search::default() };
        assert_eq!(found(payment()), [2, 1]);
        assert_eq!(found(Search { min_ns: Some(1_000_000_000), ..payment() }), [2]);
        assert_eq!(found(Search { max_ns: Some(1_000_000_000), ..payment() }), [1]);
        assert_eq!(found(Search { operation: Some("CHARGE".into()), ..Search::default() }), [2, 1]);
        assert_eq!(found(Search { service: Some("cart".into()), error: true, ..Search::default() }), [2]);
        assert_eq!(found(Search { service: Some("nobody".into()), ..Search::default() }), []);
    }

    #[test]
    fn an_empty_answer_knows_what_there_is() {
        let search =
            Search { service: Some("search".into()), min_ns: Some(60_000_000_000), ..Search::default() };
        let answer = held().search(&search);
        assert_eq!((answer.matched, answer.slowest.unwrap().trace), (0, TraceId(3)));
        assert!(answer.services.contains(&"bank".to_owned()), "{:?}", answer.services);
    }

    #[test]
    fn a_time_is_a_wish_too() {
        let from_ns = server(2, 1, 0, "x", "x", 0, 0).start_unix_ns;
        assert_eq!(found(Search { from_ns: Some(from_ns), ..Search::default() }), [3, 2]);
        assert_eq!(found(Search { to_ns: Some(from_ns), ..Search::default() }), [1]);
    }

    #[test]
    fn what_a_service_took_stands_beside_what_the_request_took() {
        let search = Search { service: Some("bank".into()), limit: 1, ..Search::default() };
        let bank = &held().search(&search).traces[0];
        assert_eq!(
            (bank.took_ns / 1_000_000, bank.matched_ns.map(|ns| ns / 1_000_000)),
            (3_006, Some(29_993))
        );
    }
}
