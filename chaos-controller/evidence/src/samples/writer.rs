//! Scrape texts in, blocks out: one call per scrape, only what changed since the last. The fast path looks a series up
//! by its raw text and writes nothing for it; labels are parsed once in its life.

use std::collections::HashMap;

use super::{MAGIC, frame, value};
use crate::exposition;
use crate::wire::{put_frame, put_text, put_varint};

/// Encodes scrapes; the bytes are appended to `samples.bin`.
#[derive(Debug, Default)]
pub struct SampleWriter {
    sources: HashMap<(String, String), Source>,
    series: u64,
    started: bool,
}

#[derive(Debug, Default)]
struct Source {
    id: u64,
    known: HashMap<String, Known>,
    scrapes: u64,
}

#[derive(Debug)]
struct Known {
    id: u64,
    /// `None` after a staleness mark: the next value is written whatever it is.
    last: Option<f64>,
    /// The base of differences, which a reader keeps too.
    whole: i64,
    seen: u64,
}

impl SampleWriter {
    pub fn new() -> Self {
        SampleWriter::default()
    }

    /// The block of one scrape of one instance. `t_ms` since the start of the run; it must not go back for an instance.
    pub fn scrape(&mut self, t_ms: u64, service: &str, instance: &str, text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        self.header(&mut out);
        let source = source(&mut self.sources, &mut out, service, instance);
        source.scrapes += 1;
        let mut changes: Vec<(u64, Change)> = Vec::new();
        for (raw, new) in exposition::lines(text) {
            if !source.known.contains_key(raw) {
                let Some((name, labels)) = exposition::parse_series(raw) else { continue };
                let mut definition = vec![frame::SERIES];
                put_varint(&mut definition, source.id);
                put_text(&mut definition, name);
                put_varint(&mut definition, labels.len() as u64);
                for (key, value) in labels {
                    put_text(&mut definition, key);
                    put_text(&mut definition, &value);
                }
                put_frame(&mut out, &definition);
                source.known.insert(raw.to_owned(), Known { id: self.series, last: None, whole: 0, seen: 0 });
                self.series += 1;
            }
            let Some(known) = source.known.get_mut(raw) else { continue };
            known.seen = source.scrapes;
            if known.last.is_some_and(|last| last == new || (last.is_nan() && new.is_nan())) {
                continue;
            }
            known.last = Some(new);
            changes.push((known.id, Change::of(new, &mut known.whole)));
        }
        for known in source.known.values_mut() {
            if known.seen != source.scrapes && known.last.take().is_some() {
                changes.push((known.id, Change::Gone));
            }
        }
        changes.sort_by_key(|(id, _)| *id);
        let mut block = vec![frame::SCRAPE];
        put_varint(&mut block, source.id);
        put_varint(&mut block, t_ms);
        put_varint(&mut block, changes.len() as u64);
        let mut last_id = 0;
        for (id, change) in changes {
            put_varint(&mut block, id - last_id);
            last_id = id;
            change.write(&mut block);
        }
        put_frame(&mut out, &block);
        out
    }

    /// The mark of a scrape that failed: every series of the instance is stale from here.
    pub fn dead(&mut self, t_ms: u64, service: &str, instance: &str) -> Vec<u8> {
        let mut out = Vec::new();
        self.header(&mut out);
        let source = source(&mut self.sources, &mut out, service, instance);
        for known in source.known.values_mut() {
            known.last = None;
        }
        let mut block = vec![frame::DEAD];
        put_varint(&mut block, source.id);
        put_varint(&mut block, t_ms);
        put_frame(&mut out, &block);
        out
    }

    fn header(&mut self, out: &mut Vec<u8>) {
        if !self.started {
            self.started = true;
            out.extend_from_slice(MAGIC);
        }
    }
}

fn source<'a>(
    sources: &'a mut HashMap<(String, String), Source>,
    out: &mut Vec<u8>,
    service: &str,
    instance: &str,
) -> &'a mut Source {
    let next = sources.len() as u64;
    sources.entry((service.to_owned(), instance.to_owned())).or_insert_with(|| {
        let mut definition = vec![frame::SOURCE];
        put_text(&mut definition, service);
        put_text(&mut definition, instance);
        put_frame(out, &definition);
        Source { id: next, ..Source::default() }
    })
}

enum Change {
    Whole(i64),
    Float(f64),
    Gone,
}

impl Change {
    /// Whole numbers up to 2^52 are written as the difference to the one before; the rest, and -0, as they are.
    fn of(new: f64, whole: &mut i64) -> Change {
        const EXACT: f64 = (1u64 << 52) as f64;
        if new.fract() == 0.0 && new.abs() < EXACT && !(new == 0.0 && new.is_sign_negative()) {
            let difference = new as i64 - *whole;
            *whole = new as i64;
            return Change::Whole(difference);
        }
        Change::Float(new)
    }

    fn write(self, out: &mut Vec<u8>) {
        match self {
            Change::Whole(difference) => {
                let zigzag = ((difference << 1) ^ (difference >> 63)) as u64;
                put_varint(out, (zigzag << 2) | value::WHOLE);
            }
            Change::Float(new) => {
                put_varint(out, value::FLOAT);
                out.extend_from_slice(&new.to_le_bytes());
            }
            Change::Gone => put_varint(out, value::GONE),
        }
    }
}
