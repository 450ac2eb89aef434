//! A span as the store holds it: about a hundred bytes. Names are numbers into one table, the rest is one block of
//! varints that is read only when somebody asks for the trace.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use super::span::{Event, Kind, Span, SpanId, TraceId};
use crate::wire::{Reader, put_signed, put_text, put_varint};

/// Names that the table takes: services, instances, operations and attribute keys of a lab are some hundred. More
/// means that somebody writes ids into names, and the table would never shrink.
const MOST_NAMES: usize = 4096;

/// The table of names.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Box<str>, u16>,
    texts: Vec<Box<str>>,
    bytes: usize,
}

impl Names {
    /// The number of a name, old or new; `None` when the table is full.
    pub(super) fn number(&mut self, name: &str) -> Option<u16> {
        if let Some(number) = self.numbers.get(name) {
            return Some(*number);
        }
        if self.texts.len() >= MOST_NAMES {
            return None;
        }
        let number = u16::try_from(self.texts.len()).ok()?;
        self.numbers.insert(name.into(), number);
        self.texts.push(name.into());
        // Both copies, and what a map and a list keep for each.
        self.bytes += 2 * name.len() + 64;
        Some(number)
    }

    /// The number of a name that is in the table.
    pub(super) fn find(&self, name: &str) -> Option<u16> {
        self.numbers.get(name).copied()
    }

    pub(super) fn text(&self, number: u16) -> &str {
        self.texts.get(usize::from(number)).map_or("", |text| text)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// A span without its trace's id.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) span: SpanId,
    pub(super) parent: Option<SpanId>,
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    pub(super) service: u16,
    pub(super) name: u16,
    instance: u16,
    pub(super) kind: Kind,
    pub(super) error: bool,
    rest: Box<[u8]>,
}

impl Packed {
    /// `None` when the table of names is full.
    pub(super) fn of(span: &Span, names: &mut Names) -> Option<Self> {
        let mut rest = Vec::new();
        put_text(&mut rest, &span.message);
        put_attributes(&mut rest, &span.attributes, names)?;
        put_varint(&mut rest, span.events.len() as u64);
        for event in &span.events {
            put_varint(&mut rest, u64::from(names.number(&event.name)?));
            put_signed(&mut rest, event.unix_ns.wrapping_sub(span.start_unix_ns) as i64);
            put_attributes(&mut rest, &event.attributes, names)?;
        }
        Some(Self {
            span: span.span,
            parent: span.parent,
            start_ns: span.start_unix_ns,
            end_ns: span.end_unix_ns,
            service: names.number(&span.service)?,
            name: names.number(&span.name)?,
            instance: names.number(&span.instance)?,
            kind: span.kind,
            error: span.error,
            rest: rest.into_boxed_slice(),
        })
    }

    pub(super) fn took_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }

    /// What its block occupies; the span itself is part of its trace's list.
    pub(super) fn block_bytes(&self) -> usize {
        // An allocation of its own costs about two words more than it holds.
        self.rest.len() + 16
    }

    pub(super) fn unpack(&self, trace: TraceId, names: &Names) -> Span {
        let mut reader = Reader::new(&self.rest);
        let (message, attributes, events) =
            self.rest(&mut reader, names).expect("a block is read as it was written");
        Span {
            trace,
            span: self.span,
            parent: self.parent,
            service: names.text(self.service).to_owned(),
            instance: names.text(self.instance).to_owned(),
            name: names.text(self.name).to_owned(),
            kind: self.kind,
            start_unix_ns: self.start_ns,
            end_unix_ns: self.end_ns,
            error: self.error,
            message,
            attributes,
            events,
        }
    }

    fn rest(
        &self,
        reader: &mut Reader<'_>,
        names: &Names,
    ) -> Option<(String, Map<String, Value>, Vec<Event>)> {
        let message = reader.text()?.to_owned();
        let own = attributes(reader, names)?;
        let mut events = Vec::new();
        for _ in 0..reader.varint()? {
            events.push(Event {
                name: name(reader, names)?,
                unix_ns: self.start_ns.wrapping_add(reader.signed()? as u64),
                attributes: attributes(reader, names)?,
            });
        }
        Some((message, own, events))
    }
}

/// What follows an attribute's key.
mod tag {
    pub(super) const NULL: u64 = 0;
    pub(super) const FALSE: u64 = 1;
    pub(super) const TRUE: u64 = 2;
    pub(super) const WHOLE: u64 = 3;
    pub(super) const FLOAT: u64 = 4;
    pub(super) const TEXT: u64 = 5;
}

fn put_attributes(out: &mut Vec<u8>, attributes: &Map<String, Value>, names: &mut Names) -> Option<()> {
    put_varint(out, attributes.len() as u64);
    for (key, value) in attributes {
        put_varint(out, u64::from(names.number(key)?));
        match value {
            Value::Bool(false) => put_varint(out, tag::FALSE),
            Value::Bool(true) => put_varint(out, tag::TRUE),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => {
                    put_varint(out, tag::WHOLE);
                    put_signed(out, whole);
                }
                None => {
                    put_varint(out, tag::FLOAT);
                    out.extend_from_slice(&number.as_f64().unwrap_or_default().to_le_bytes());
                }
            },
            Value::String(text) => {
                put_varint(out, tag::TEXT);
                put_text(out, text);
            }
            // Lists and maps are used by nobody in the lab.
            _ => put_varint(out, tag::NULL),
        }
    }
    Some(())
}

fn attributes(reader: &mut Reader<'_>, names: &Names) -> Option<Map<String, Value>> {
    let mut attributes = Map::new();
    for _ in 0..reader.varint()? {
        let key = name(reader, names)?;
        let value = match reader.varint()? {
            tag::FALSE => Value::Bool(false),
            tag::TRUE => Value::Bool(true),
            tag::WHOLE => Value::from(reader.signed()?),
            tag::FLOAT => {
                let bytes = reader.take(8)?.try_into().ok()?;
                Number::from_f64(f64::from_le_bytes(bytes)).map_or(Value::Null, Value::Number)
            }
            tag::TEXT => Value::from(reader.text()?),
            _ => Value::Null,
        };
        attributes.insert(key, value);
    }
    Some(attributes)
}

fn name(reader: &mut Reader<'_>, names: &Names) -> Option<String> {
    Some(names.text(u16::try_from(reader.varint()?).ok()?).to_owned())
}
