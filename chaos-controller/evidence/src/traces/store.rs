//! The traces of a lab, within bounds of count and of bytes. Spans come in any order from many processes; the trace
//! whose first span came longest ago makes room. What was evicted and what was not taken is counted.
//!
//! ```text
//! span -> its trace (new at the back) -> too many, or too much? -> the front goes
//! ```
//!
//! A span that comes after its trace was evicted begins the trace anew; it then shows as a span without its parent.

use std::collections::{HashMap, VecDeque};

use super::packed::{Names, Packed};
use super::span::{Span, Trace, TraceId};

/// A trace with more spans is a loop, or an id that is used again and again.
const MOST_SPANS: usize = 4096;
/// What a trace costs beside its spans: its slot, its place in the map, and the map's spare room.
const TRACE_BYTES: usize = size_of::<Slot>() + 3 * (size_of::<TraceId>() + size_of::<u64>());

/// How much a store may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Traces.
    pub traces: usize,
    /// Bytes, as the store itself counts them: spans, their blocks, the tables around them.
    pub bytes: usize,
}

impl Default for Bounds {
    /// 64 MiB: about half a million spans, ten minutes of a tenth of the default drill's load.
    fn default() -> Self {
        Self { traces: 200_000, bytes: 64 << 20 }
    }
}

/// What a store holds, and what it gave up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Kept {
    /// Traces held.
    pub traces: usize,
    /// Their spans.
    pub spans: usize,
    /// Bytes that they occupy.
    pub bytes: usize,
    /// Traces that made room for younger ones.
    pub evicted: u64,
    /// Spans not taken: no id, a trace that is too long, too many different names.
    pub dropped: u64,
}

/// The store.
#[derive(Debug)]
pub struct Store {
    bounds: Bounds,
    pub(super) names: Names,
    /// In the order of their first spans.
    pub(super) slots: VecDeque<Slot>,
    /// Counts the slots ever made; the place of a slot is its count less `evicted`.
    places: HashMap<TraceId, u64>,
    spans: usize,
    bytes: usize,
    evicted: u64,
    dropped: u64,
}

/// One trace, and what a search asks first.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: TraceId,
    pub(super) spans: Vec<Packed>,
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    /// Index of the span that has no parent.
    pub(super) root: Option<usize>,
    pub(super) errors: u32,
    /// Services that took part, a bit each by the number of the name; the last bit stands for all above it.
    pub(super) services: u64,
}

impl Store {
    /// An empty one.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            names: Names::default(),
            slots: VecDeque::new(),
            places: HashMap::new(),
            spans: 0,
            bytes: 0,
            evicted: 0,
            dropped: 0,
        }
    }

    /// Takes a span; one that is there already (sent twice) changes nothing.
    pub fn insert(&mut self, span: &Span) {
        let slot = self.places.get(&span.trace).map(|place| (place - self.evicted) as usize);
        if let Some(slot) = slot.and_then(|place| self.slots.get(place)) {
            if slot.spans.iter().any(|known| known.span == span.span) {
                return;
            }
            if slot.spans.len() >= MOST_SPANS {
                self.dropped += 1;
                return;
            }
        }
        let Some(packed) = Packed::of(span, &mut self.names) else {
            self.dropped += 1;
            return;
        };
        self.spans += 1;
        self.bytes += packed.block_bytes();
        match slot {
            Some(place) => {
                let slot = &mut self.slots[place];
                self.bytes -= slot.list_bytes();
                slot.add(packed);
                self.bytes += slot.list_bytes();
            }
            None => {
                self.places.insert(span.trace, self.evicted + self.slots.len() as u64);
                let slot = Slot::of(span.trace, packed);
                self.bytes += TRACE_BYTES + slot.list_bytes();
                self.slots.push_back(slot);
            }
        }
        while self.slots.len() > self.bounds.traces || self.bytes() > self.bounds.bytes {
            if !self.evict() {
                break;
            }
        }
    }

    /// Counts spans that came and could not even be read.
    pub fn drop_unread(&mut self, spans: u64) {
        self.dropped += spans;
    }

    fn evict(&mut self) -> bool {
        let Some(slot) = self.slots.pop_front() else { return false };
        self.places.remove(&slot.id);
        self.spans -= slot.spans.len();
        let blocks: usize = slot.spans.iter().map(Packed::block_bytes).sum();
        self.bytes -= blocks + slot.list_bytes() + TRACE_BYTES;
        self.evicted += 1;
        true
    }

    /// The trace with this id.
    #[must_use]
    pub fn get(&self, id: TraceId) -> Option<Trace> {
        let place = self.places.get(&id)?;
        self.slots.get((place - self.evicted) as usize).map(|slot| self.unpack(slot))
    }

    /// Ids that begin with these digits, youngest first, at most `limit`.
    #[must_use]
    pub fn ids(&self, prefix: &str, limit: usize) -> Vec<TraceId> {
        let Some((from, to)) = range(prefix) else { return Vec::new() };
        let fits = |id: &TraceId| (from..=to).contains(&id.0);
        self.slots.iter().rev().map(|slot| slot.id).filter(fits).take(limit).collect()
    }

    /// What is held and what was not.
    #[must_use]
    pub fn kept(&self) -> Kept {
        Kept {
            traces: self.slots.len(),
            spans: self.spans,
            bytes: self.bytes(),
            evicted: self.evicted,
            dropped: self.dropped,
        }
    }

    pub(super) fn unpack(&self, slot: &Slot) -> Trace {
        let spans = slot.spans.iter().map(|span| span.unpack(slot.id, &self.names)).collect();
        Trace::new(slot.id, spans)
    }

    fn bytes(&self) -> usize {
        self.bytes + self.names.bytes()
    }
}

impl Slot {
    fn of(id: TraceId, first: Packed) -> Self {
        // Most traces of the shop have four to eleven spans, and a list that doubles wastes half.
        let mut slot =
            Self { id, spans: Vec::new(), start_ns: u64::MAX, end_ns: 0, root: None, errors: 0, services: 0 };
        slot.add(first);
        slot
    }

    fn add(&mut self, span: Packed) {
        self.start_ns = self.start_ns.min(span.start_ns);
        self.end_ns = self.end_ns.max(span.end_ns);
        self.errors += u32::from(span.error);
        self.services |= bit(span.service);
        if span.parent.is_none() {
            self.root = Some(self.spans.len());
        }
        if self.spans.len() == self.spans.capacity() {
            self.spans.reserve_exact(if self.spans.len() < 12 { 4 } else { self.spans.len() / 2 });
        }
        self.spans.push(span);
    }

    /// What the list of its spans occupies, the room for those to come included.
    fn list_bytes(&self) -> usize {
        self.spans.capacity() * size_of::<Packed>()
    }

    /// Nanoseconds of the root; without one, from the first start to the last end.
    pub(super) fn took_ns(&self) -> u64 {
        let root = self.root.map(|root| self.spans[root].took_ns());
        root.unwrap_or_else(|| self.end_ns.saturating_sub(self.start_ns))
    }

    /// Whether the request failed: its root did; without a root, anything in it.
    pub(super) fn failed(&self) -> bool {
        self.root.map_or(self.errors > 0, |root| self.spans[root].error)
    }
}

/// The bit that stands for a service.
pub(super) fn bit(service: u16) -> u64 {
    1 << service.min(63)
}

/// The ids that begin with these hexadecimal digits.
fn range(prefix: &str) -> Option<(u128, u128)> {
    if prefix.is_empty() {
        return Some((0, u128::MAX));
    }
    if prefix.len() > 32 || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let free = 4 * (32 - prefix.len());
    let from = u128::from_str_radix(prefix, 16).ok()? << free;
    Some((from, from | ((1_u128 << free) - 1)))
}

#[cfg(test)]
mod tests {
    use super::super::span::Event;
    use super::super::testbed::{client, server};
    use super::*;

    fn store(traces: usize, bytes: usize) -> Store {
        Store::new(Bounds { traces, bytes })
    }

    fn fill(store: &mut Store, traces: u128) {
        for id in 1..=traces {
            store.insert(&server(id, 1, 0, "frontend", "POST /api/checkout", 0, 10));
            store.insert(&client(id, 2, 1, "frontend", "cart.Checkout", 1, 9));
        }
    }

    #[test]
    fn a_span_comes_back_as_it_went_in() {
        let mut store = Store::new(Bounds::default());
        let mut span = server(7, 1, 0, "payment", "Charge", 5, 900);
        span.attributes.insert("queue.wait_ms".into(), 12.into());
        span.attributes.insert("rate".into(), 0.5.into());
        span.attributes.insert("held".into(), true.into());
        span.attributes.insert("order.id".into(), "o7-1".into());
        span.message = "no answer in time".into();
        span.events = vec![Event {
            name: "queued".into(),
            unix_ns: span.start_unix_ns - 3,
            attributes: span.attributes.clone(),
        }];
        store.insert(&span);
        assert_eq!(store.get(TraceId(7)).unwrap().spans, [span]);
    }

    #[test]
    fn the_oldest_trace_makes_room_when_there_are_too_many() {
        let mut store = store(3, usize::MAX);
        fill(&mut store, 5);
        let kept = store.kept();
        assert_eq!((kept.traces, kept.spans, kept.evicted), (3, 6, 2));
        assert!(store.get(TraceId(2)).is_none() && store.get(TraceId(3)).is_some());
    }

    #[test]
    fn bytes_never_exceed_the_bound_and_come_back_with_the_traces() {
        let mut store = store(usize::MAX, 20_000);
        fill(&mut store, 5_000);
        let kept = store.kept();
        assert!(kept.bytes <= 20_000 && kept.traces > 10, "{kept:?}");
        while store.evict() {}
        assert_eq!(store.kept().bytes, store.names.bytes());
    }

    #[test]
    fn bytes_are_what_is_reserved_and_not_what_is_used_of_it() {
        let mut store = Store::new(Bounds::default());
        for spans in 1..=40 {
            store.insert(&server(1, spans, 0, "frontend", "GET /", 0, 1));
            let slot = &store.slots[0];
            let blocks: usize = slot.spans.iter().map(Packed::block_bytes).sum();
            let reserved = slot.spans.capacity() * size_of::<Packed>();
            assert_eq!(store.bytes, TRACE_BYTES + reserved + blocks, "{spans} spans");
            assert!(reserved >= 4 * size_of::<Packed>());
        }
    }

    #[test]
    fn a_span_that_is_sent_twice_counts_once() {
        let mut store = store(10, usize::MAX);
        fill(&mut store, 1);
        fill(&mut store, 1);
        assert_eq!(store.kept().spans, 2);
    }

    #[test]
    fn a_trace_without_end_is_cut_and_the_rest_counted() {
        let mut store = store(10, usize::MAX);
        for id in 1..=MOST_SPANS as u64 + 5 {
            store.insert(&server(1, id, 0, "frontend", "GET /", 0, 1));
        }
        assert_eq!((store.kept().spans, store.kept().dropped), (MOST_SPANS, 5));
    }

    #[test]
    fn ids_are_found_by_their_first_digits() {
        let mut store = store(10, usize::MAX);
        let id = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
        let span = server(1, 1, 0, "frontend", "GET /", 0, 1);
        store.insert(&Span { trace: TraceId(id), ..span });
        fill(&mut store, 3);
        assert_eq!(store.ids("4bf9", 10), [TraceId(id)]);
        assert_eq!(store.ids("", 2).len(), 2);
        assert_eq!(store.ids("xyz", 2), []);
    }

    #[test]
    fn a_span_of_the_shop_costs_less_than_200_bytes() {
        let mut store = Store::new(Bounds::default());
        for id in 1..=1000 {
            for span in super::super::testbed::checkout(id) {
                store.insert(&span);
            }
        }
        let kept = store.kept();
        let each = kept.bytes / kept.spans;
        assert!(each < 200, "{each} bytes");
    }
}
