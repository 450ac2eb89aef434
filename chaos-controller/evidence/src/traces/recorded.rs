//! A recording's `spans.jsonl` as a store, so that a finished run is searched like a live lab. Lines that are no spans
//! (the last one, when the controller was killed) are counted and left out.

use super::span::Span;
use super::store::{Bounds, Store};

/// The traces of a run.
#[derive(Debug)]
pub struct Recorded {
    /// All of them, as far as the bounds allow.
    pub store: Store,
    /// Lines that could not be read.
    pub unreadable: u64,
}

/// Reads lines of spans. A recording that is larger than the bounds keeps its newest traces.
pub fn read_lines<L: AsRef<[u8]>>(lines: impl Iterator<Item = L>, bounds: Bounds) -> Recorded {
    let mut recorded = Recorded { store: Store::new(bounds), unreadable: 0 };
    for line in lines {
        let line = line.as_ref();
        if line.is_empty() {
            continue;
        }
        match read_line(line) {
            Ok(span) => recorded.store.insert(&span),
            Err(_) => recorded.unreadable += 1,
        }
    }
    recorded
}

/// Reads one line.
pub(super) fn read_line(line: &[u8]) -> serde_json::Result<Span> {
    let mut span: Span = serde_json::from_slice(line)?;
    if span.service.is_empty() {
        span.service = service_of(&span.instance).to_owned();
    }
    Ok(span)
}

/// `payment` of `payment-0`: what a line of version 0.1 leaves to the reader.
pub(super) fn service_of(instance: &str) -> &str {
    instance.rsplit_once('-').map_or(instance, |(service, _)| service)
}

#[cfg(test)]
mod tests {
    use super::super::span::TraceId;
    use super::super::testbed::checkout;
    use super::*;

    #[test]
    fn lines_come_back_as_the_spans_that_were_written() {
        let written = checkout(7);
        let text: String = written.iter().map(|span| serde_json::to_string(span).unwrap() + "\n").collect();
        let recorded = read_lines(text.as_bytes().split(|b| *b == b'\n'), Bounds::default());
        let mut read = recorded.store.get(TraceId(7)).unwrap().spans;
        read.sort_by_key(|span| span.span);
        assert_eq!((read, recorded.unreadable), (written, 0));
    }

    #[test]
    fn a_line_of_version_0_1_is_read() {
        let line = br#"{"trace":"a79da740f544d9fa0ceb62b95d505a92","span":"ae435a72be893869","parent":"","instance":"payment-0","name":"ListMethods","kind":2,"start_unix_ns":1795357899291132426,"end_unix_ns":1795357899291154664,"error":false,"attributes":{"policy.version":1},"events":[]}"#;
        let recorded = read_lines([&line[..], b"{\"trace\":\"a79d"].into_iter(), Bounds::default());
        let id = TraceId::parse("a79da740f544d9fa0ceb62b95d505a92").unwrap();
        let span = &recorded.store.get(id).unwrap().spans[0];
        assert_eq!((span.service.as_str(), span.parent, span.took_ns()), ("payment", None, 22_238));
        assert_eq!(recorded.unreadable, 1);
    }
}
