//! A bounded choice out of all the spans of a recording, which are too many to hold: all lines are looked at once, and
//! those of the chosen traces are asked for again. The same file always gives the same choice.
//!
//! ```text
//! line -> its trace, and whether it is a user's request (no parent, of the frontend)      the first 100 bytes say so
//! requests -> by the slot of time in which they began, and by kind -> the lowest ids of each
//!
//! |<- first request         240 slots, of whole seconds each        last request ->|
//! each slot: 3 checkouts that failed or were slow, 1 other such request, 1 checkout that was well
//! ```
//!
//! By time and by kind, so that every moment of an outage has a say, and a good checkout is there from before and after
//! it. By id, because an id is drawn: neither when its spans arrived nor how long it took decides. A trace is taken with
//! all of its lines or not at all; fragments without the user's request are not taken.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use serde::Deserialize;

use super::broken::{ENTRY, SLOW_NS};
use super::recorded;
use super::span::{Span, Trace, TraceId};
use crate::lines::Lines;

/// Parts that a recording's time is cut into.
const SLOTS: u64 = 240;
const SECOND_NS: u64 = 1_000_000_000;
/// A trace with more spans is a loop, and would be most of what is read.
const MOST_SPANS: u32 = 512;
/// The route of the journey that a report shows traces of.
const CHECKOUT: &str = "/api/checkout";

/// The lines of a recording's spans, as they are read.
#[derive(Debug, Default)]
pub struct Scan {
    lines: Lines,
    seen: Seen,
}

#[derive(Debug, Default)]
struct Seen {
    /// Bytes of the file so far.
    at: u64,
    index: Vec<Line>,
    places: HashMap<TraceId, u32>,
    traces: Vec<Outline>,
}

#[derive(Debug)]
struct Line {
    trace: u32,
    bytes: Range<u64>,
}

/// What is known of a trace before it is read.
#[derive(Debug)]
struct Outline {
    id: TraceId,
    spans: u32,
    request: Option<Request>,
}

/// The request of a user that a trace begins with.
#[derive(Debug, Clone, Copy)]
struct Request {
    start_ns: u64,
    kind: Kind,
}

/// The kinds that are told apart, each with how many of a slot are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    SickCheckout,
    Sick,
    Checkout,
    Other,
}

impl Kind {
    fn quota(self) -> usize {
        match self {
            Kind::SickCheckout => 3,
            Kind::Sick | Kind::Checkout => 1,
            Kind::Other => 0,
        }
    }
}

/// The chosen traces: which lines they are, and what was read of them.
#[derive(Debug, Default)]
pub struct Chosen {
    wanted: Vec<Range<u64>>,
    spans: Vec<Span>,
}

/// Of a line, what says whether it begins a user's request.
#[derive(Deserialize)]
struct Head {
    trace: TraceId,
    #[serde(default)]
    parent: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    instance: String,
    #[serde(default)]
    name: String,
    start_unix_ns: u64,
    end_unix_ns: u64,
    #[serde(default)]
    error: bool,
}

impl Scan {
    /// The next piece of the file, cut anywhere.
    pub fn feed(&mut self, piece: &[u8]) {
        let Scan { lines, seen } = self;
        lines.feed(piece, |line| seen.line(line));
    }

    /// The file is over: the choice.
    pub fn finish(mut self) -> Chosen {
        if let Some(line) = self.lines.finish() {
            self.seen.line(&line);
        }
        let chosen = choose(&self.seen.traces);
        let lines = self.seen.index.into_iter();
        let wanted = lines.filter(|line| chosen.get(line.trace as usize) == Some(&true));
        Chosen { wanted: wanted.map(|line| line.bytes).collect(), spans: Vec::new() }
    }
}

impl Seen {
    fn line(&mut self, line: &[u8]) {
        let bytes = self.at..self.at + line.len() as u64;
        self.at = bytes.end + 1;
        let (id, head) = match caused(line) {
            Some(id) => (id, None),
            // A request, a line of another writer, or a line that was cut off.
            None => match serde_json::from_slice::<Head>(line) {
                Ok(head) => (head.trace, Some(head)),
                Err(_) => return,
            },
        };
        let place = *self.places.entry(id).or_insert_with(|| {
            self.traces.push(Outline { id, spans: 0, request: None });
            (self.traces.len() - 1) as u32
        });
        let outline = &mut self.traces[place as usize];
        outline.spans += 1;
        if let Some(request) = head.and_then(|head| head.request()) {
            outline.request.get_or_insert(request);
        }
        self.index.push(Line { trace: place, bytes });
    }
}

impl Head {
    fn request(&self) -> Option<Request> {
        let service =
            if self.service.is_empty() { recorded::service_of(&self.instance) } else { &self.service };
        if !self.parent.is_empty() || service != ENTRY {
            return None;
        }
        let sick = self.error || self.end_unix_ns.saturating_sub(self.start_unix_ns) >= SLOW_NS;
        let kind = match (self.name == CHECKOUT, sick) {
            (true, true) => Kind::SickCheckout,
            (false, true) => Kind::Sick,
            (true, false) => Kind::Checkout,
            (false, false) => Kind::Other,
        };
        Some(Request { start_ns: self.start_unix_ns, kind })
    }
}

/// The trace of a span that has a parent, from the begin of its line as the lab writes it; `None` for any other line.
/// Nineteen of twenty lines are such, and the rest of them is not looked at.
fn caused(line: &[u8]) -> Option<TraceId> {
    let rest = line.strip_prefix(b"{\"trace\":\"")?;
    let (id, rest) = rest.split_at_checked(32)?;
    let rest = rest.strip_prefix(b"\",\"span\":\"")?;
    let parent = rest.get(16..)?.strip_prefix(b"\",\"parent\":\"")?;
    if parent.first() == Some(&b'"') {
        return None;
    }
    let mut value: u128 = 0;
    for byte in id {
        value = value << 4 | u128::from(char::from(*byte).to_digit(16)?);
    }
    (value != 0).then_some(TraceId(value))
}

/// Whether each trace is taken.
fn choose(traces: &[Outline]) -> Vec<bool> {
    let requests = || traces.iter().filter_map(|outline| outline.request);
    let first = requests().map(|request| request.start_ns).min().unwrap_or_default();
    let last = requests().map(|request| request.start_ns).max().unwrap_or_default();
    let slot_ns = ((last - first) / SLOTS + 1).div_ceil(SECOND_NS) * SECOND_NS;
    let mut slots: BTreeMap<(u64, Kind), Vec<(TraceId, usize)>> = BTreeMap::new();
    for (place, outline) in traces.iter().enumerate().filter(|(_, outline)| outline.spans <= MOST_SPANS) {
        if let Some(request) = outline.request.filter(|request| request.kind.quota() > 0) {
            let slot = (request.start_ns - first) / slot_ns;
            slots.entry((slot, request.kind)).or_default().push((outline.id, place));
        }
    }
    let mut taken = vec![false; traces.len()];
    for ((_, kind), mut found) in slots {
        found.sort_unstable();
        for (_, place) in found.into_iter().take(kind.quota()) {
            taken[place] = true;
        }
    }
    taken
}

impl Chosen {
    /// The lines that are wanted, by their bytes, in the order of the file.
    pub fn wanted(&self) -> &[Range<u64>] {
        &self.wanted
    }

    /// One of them. What is no span (the file was changed in between) is left out.
    pub fn show(&mut self, line: &[u8]) {
        self.spans.extend(recorded::read_line(line).ok());
    }

    /// The traces, by their start.
    pub fn traces(self) -> Vec<Trace> {
        let mut traces: BTreeMap<TraceId, Vec<Span>> = BTreeMap::new();
        for span in self.spans {
            traces.entry(span.trace).or_default().push(span);
        }
        let mut traces: Vec<Trace> = traces.into_iter().map(|(id, spans)| Trace::new(id, spans)).collect();
        traces.sort_by_key(|trace| (trace.spans.first().map(|span| span.start_unix_ns), trace.id));
        traces
    }
}

#[cfg(test)]
mod tests {
    use super::super::testbed::{checkout, incident, server};
    use super::*;

    fn text(spans: &[Span]) -> String {
        spans.iter().map(|span| serde_json::to_string(span).unwrap() + "\n").collect()
    }

    /// All that a recording with this file holds of its traces.
    fn chosen(text: &str, size: usize) -> Vec<Trace> {
        let mut scan = Scan::default();
        text.as_bytes().chunks(size).for_each(|piece| scan.feed(piece));
        let mut chosen = scan.finish();
        for range in chosen.wanted().to_vec() {
            chosen.show(&text.as_bytes()[range.start as usize..range.end as usize]);
        }
        chosen.traces()
    }

    fn ids(traces: &[Trace]) -> Vec<u128> {
        traces.iter().map(|trace| trace.id.0).collect()
    }

    /// The same request, so many milliseconds after the start of all.
    fn at(id: u128, start_ms: u64, of: fn(u128) -> Vec<Span>) -> Vec<Span> {
        let mut spans = of(0);
        for span in &mut spans {
            span.trace = TraceId(id);
            span.start_unix_ns += start_ms * 1_000_000;
            span.end_unix_ns += start_ms * 1_000_000;
        }
        spans
    }

    #[test]
    fn a_trace_is_taken_with_all_of_its_lines_however_they_are_mixed_and_cut() {
        let spans: Vec<Span> =
            at(7, 0, checkout).into_iter().zip(at(3, 10, incident)).flat_map(|(a, b)| [b, a]).collect();
        let text = text(&spans);
        let traces = chosen(&text, 1_000);
        assert_eq!(ids(&traces), [7, 3], "by their start");
        assert_eq!(traces[1], Trace::new(TraceId(3), at(3, 10, incident)));
        assert_eq!(traces, chosen(&text, 13));
    }

    #[test]
    fn a_slot_gives_the_lowest_ids_of_each_kind() {
        let mut spans: Vec<Span> = (1..=9).rev().flat_map(|id| at(id, id as u64, incident)).collect();
        spans.extend((11..=19).rev().flat_map(|id| at(id, id as u64, checkout)));
        let other = |id| vec![server(id, 1, 0, "frontend", "/api/search", 0, 5)];
        spans.extend((21..=29).flat_map(other));
        spans.extend(
            (31..=39)
                .rev()
                .flat_map(|id| at(id, id as u64, |id| vec![server(id, 1, 0, "frontend", "/", 0, 2_000)])),
        );
        assert_eq!(ids(&chosen(&text(&at(1, 0, checkout)), 99)), [1]);
        let mut taken = ids(&chosen(
            &text(&spans.into_iter().filter(|s| s.trace.0 < 20 || s.trace.0 > 30).collect::<Vec<_>>()),
            4_096,
        ));
        taken.sort_unstable();
        assert_eq!(taken, [1, 2, 3, 11, 31]);
    }

    #[test]
    fn a_long_recording_gives_no_more_than_a_short_one_and_has_traces_of_all_its_time() {
        let last_s = 2_700;
        let spans: Vec<Span> = (0..last_s)
            .flat_map(|s| {
                let id = u128::from(s * 2_654_435_761 % 100_003 + 1);
                at(id, s * 1_000, checkout)
            })
            .collect();
        let traces = chosen(&text(&spans), 1 << 16);
        assert!((200..=240).contains(&traces.len()), "{}", traces.len());
        let starts: Vec<u64> = traces.iter().map(|trace| trace.spans[0].start_unix_ns / SECOND_NS).collect();
        assert!(starts.windows(2).all(|pair| pair[1] - pair[0] < 24), "{starts:?}");
    }

    #[test]
    fn what_is_no_request_of_a_user_is_not_taken() {
        let settler = vec![server(5, 1, 0, "order", "Settle", 0, 9_000)];
        let fragment: Vec<Span> = incident(6).into_iter().skip(1).collect();
        let text = format!("{}{}{{\"trace\":\"a79d", text(&settler), text(&fragment));
        assert_eq!(chosen(&text, 64), []);
    }

    #[test]
    fn lines_of_other_writers_are_read_too() {
        let mut spans = at(9, 0, checkout);
        spans.truncate(3);
        let spaced: String = text(&spans).replace("{\"trace\":", "{ \"trace\" : ");
        assert_eq!(chosen(&spaced, 50), [Trace::new(TraceId(9), spans)]);
    }
}
