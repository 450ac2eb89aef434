//! A YAML text as a tree whose every node knows its place. Serde loses places in exactly the shapes
//! that drills use (maps, patches, overlays), so files are checked on this tree first.
//! Leaves out: tags, several documents, keys that are not text. YAML 1.2 core schema: `on` and
//! `off` are words.

use std::{collections::HashMap, ops::Range};

use granit_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Number, Value};

use crate::{
    diagnostic::{Finding, Problems},
    source::Source,
};

/// Aliases are copied in; this bounds what a few lines can grow to.
const MOST_NODES: usize = 100_000;
/// Deeper is no drill, and recursion must end.
const MOST_DEPTH: usize = 64;

/// A value and where it is written. Spans are in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
}

impl Node {
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|(_, node)| node)
    }

    pub(crate) fn entry(&self, name: &str) -> Option<(&Key, &Node)> {
        let Kind::Map(entries) = &self.kind else { return None };
        entries.iter().find(|(key, _)| key.name == name).map(|(key, node)| (key, node))
    }

    pub(crate) fn items(&self) -> &[Node] {
        if let Kind::List(items) = &self.kind { items } else { &[] }
    }

    pub(crate) fn entries(&self) -> &[(Key, Node)] {
        if let Kind::Map(entries) = &self.kind { entries } else { &[] }
    }

    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(value) => Value::Number(value.clone()),
            Kind::Text(value) => Value::String(value.clone()),
            Kind::List(items) => items.iter().map(Node::to_value).collect(),
            Kind::Map(entries) => {
                Value::Object(entries.iter().map(|(key, node)| (key.name.clone(), node.to_value())).collect())
            }
        }
    }

    /// The place of the deepest node that `keys` lead to, or of its nearest ancestor here. The
    /// place of a collection, which may span pages, is its key.
    pub(crate) fn place<K: AsRef<str>>(&self, keys: &[K]) -> Range<usize> {
        let mut node = self;
        let mut place = self.span.clone();
        for key in keys {
            let key = key.as_ref();
            let item = key.parse::<usize>().ok().and_then(|at| node.items().get(at));
            node = match (node.entry(key), item) {
                (Some((key, child)), _) => {
                    let many = matches!(child.kind, Kind::Map(_) | Kind::List(_) | Kind::Null);
                    place = if many { key.span.clone() } else { child.span.clone() };
                    child
                }
                (None, Some(child)) => {
                    place = child.span.clone();
                    child
                }
                (None, None) => break,
            };
        }
        place
    }

    /// RFC 7386 with places: what the overlay says keeps the overlay's spans.
    pub(crate) fn merged(&self, overlay: &Node) -> Node {
        let (Kind::Map(base), Kind::Map(over)) = (&self.kind, &overlay.kind) else {
            return overlay.without_nulls();
        };
        let mut entries = base.clone();
        for (key, node) in over {
            let at = entries.iter().position(|(other, _)| other.name == key.name);
            match (at, &node.kind) {
                (Some(at), Kind::Null) => drop(entries.remove(at)),
                (None, Kind::Null) => {}
                (Some(at), _) => entries[at] = (key.clone(), entries[at].1.merged(node)),
                (None, _) => entries.push((key.clone(), node.without_nulls())),
            }
        }
        // A missing key is then reported at the base, where the whole of it is.
        Node { span: self.span.clone(), kind: Kind::Map(entries) }
    }

    /// The tree without the entries that stand, or whose key stands, at one of these places.
    pub(crate) fn without(&self, places: &[Range<usize>]) -> Node {
        let kind = match &self.kind {
            Kind::Map(entries) => {
                let kept = entries
                    .iter()
                    .filter(|(key, node)| !places.contains(&key.span) && !places.contains(&node.span));
                Kind::Map(kept.map(|(key, node)| (key.clone(), node.without(places))).collect())
            }
            Kind::List(items) => {
                let kept = items.iter().filter(|node| !places.contains(&node.span));
                Kind::List(kept.map(|node| node.without(places)).collect())
            }
            _ => self.kind.clone(),
        };
        Node { span: self.span.clone(), kind }
    }

    fn without_nulls(&self) -> Node {
        let Kind::Map(entries) = &self.kind else { return self.clone() };
        let kept = entries.iter().filter(|(_, node)| !matches!(node.kind, Kind::Null));
        let kept = kept.map(|(key, node)| (key.clone(), node.without_nulls())).collect();
        Node { span: self.span.clone(), kind: Kind::Map(kept) }
    }
}

/// Reads one YAML document. `None` with at least one problem if the text is no YAML; duplicate keys
/// are problems too, but leave a tree to go on with.
pub(crate) fn parse(source: &Source, problems: &mut Problems) -> Option<Node> {
    let mut builder = Builder { source, problems, anchors: HashMap::new(), nodes: 0 };
    let mut events = Vec::new();
    for next in Parser::new_from_str(&source.text) {
        match next {
            Ok((event, span)) => events.push((event, range(&span))),
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(source.text.len());
                let at = at.min(source.text.len());
                let finding = Finding::new(format!("this is not YAML: {}", error.info()));
                builder.problems.add(source, at..at, finding);
                return None;
            }
        }
    }
    let mut events = events.into_iter().filter(|(event, _)| is_content(event)).peekable();
    let Some(first) = events.next() else {
        builder.problems.add(source, 0..0, Finding::new("the file is empty"));
        return None;
    };
    let node = builder.node(first, &mut events, 0)?;
    if let Some((_, span)) = events.next() {
        builder.problems.add(source, span, Finding::new("a second document begins here; one is read"));
        return None;
    }
    Some(node)
}

fn is_content(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Alias(_)
            | Event::Scalar(..)
            | Event::SequenceStart(..)
            | Event::SequenceEnd
            | Event::MappingStart(..)
            | Event::MappingEnd
    )
}

fn range(span: &Span) -> Range<usize> {
    let start = span.start.byte_offset().unwrap_or(0);
    start..span.end.byte_offset().unwrap_or(start).max(start)
}

type Placed<'a> = (Event<'a>, Range<usize>);

struct Builder<'a, 'p> {
    source: &'a Source,
    problems: &'p mut Problems,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl<'a> Builder<'a, '_> {
    /// Builds the node that begins with `first`; `None` after a problem that ends reading.
    fn node(
        &mut self,
        (event, span): Placed<'a>,
        rest: &mut impl Iterator<Item = Placed<'a>>,
        depth: usize,
    ) -> Option<Node> {
        self.nodes += 1;
        if self.nodes > MOST_NODES || depth > MOST_DEPTH {
            self.problems.add(self.source, span, Finding::new("the file is too large or too deep"));
            return None;
        }
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, _) => {
                (anchor, Node { kind: scalar(&text, style), span: self.trimmed(span) })
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                let end = loop {
                    match rest.next()? {
                        (Event::SequenceEnd, end) => break end,
                        event => items.push(self.node(event, rest, depth + 1)?),
                    }
                };
                (anchor, Node { span: span.start..end.end, kind: Kind::List(items) })
            }
            Event::MappingStart(_, anchor, _) => {
                let mut entries: Vec<(Key, Node)> = Vec::new();
                let end = loop {
                    match rest.next()? {
                        (Event::MappingEnd, end) => break end,
                        event => {
                            let key = self.key(event)?;
                            let next = rest.next()?;
                            let node = self.node(next, rest, depth + 1)?;
                            if entries.iter().any(|(other, _)| other.name == key.name) {
                                let finding = format!("`{}` is written twice", key.name);
                                self.problems.add(self.source, key.span, Finding::new(finding));
                            } else {
                                entries.push((key, node));
                            }
                        }
                    }
                };
                (anchor, Node { span: span.start..end.end, kind: Kind::Map(entries) })
            }
            Event::Alias(anchor) => {
                // The copy keeps the places of the original: that is where a mistake is mended.
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    self.problems.add(self.source, span, Finding::new("an alias inside its own anchor"));
                    return None;
                };
                self.nodes += size(&node);
                return Some(node);
            }
            _ => return None,
        };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Some(node)
    }

    fn key(&mut self, (event, span): Placed<'a>) -> Option<Key> {
        if let Event::Scalar(text, ..) = event {
            return Some(Key { name: text.into_owned(), span: self.trimmed(span) });
        }
        self.problems.add(self.source, span, Finding::new("a key must be a plain text"));
        None
    }

    /// Block scalars end at the next token; their place is their own text.
    fn trimmed(&self, span: Range<usize>) -> Range<usize> {
        let text = self.source.text.get(span.clone()).unwrap_or("");
        span.start..span.start + text.trim_end().len()
    }
}

fn size(node: &Node) -> usize {
    1 + node.items().iter().map(size).sum::<usize>()
        + node.entries().iter().map(|(_, node)| size(node)).sum::<usize>()
}

/// YAML 1.2 core schema, section 10.3.2, without octal, hexadecimal, infinities and NaN.
fn scalar(text: &str, style: ScalarStyle) -> Kind {
    if style != ScalarStyle::Plain {
        return Kind::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" => return Kind::Bool(true),
        "false" | "False" | "FALSE" => return Kind::Bool(false),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        if let Ok(whole) = text.parse::<i64>() {
            return Kind::Number(whole.into());
        }
        if let Some(number) = text.parse::<f64>().ok().and_then(Number::from_f64) {
            return Kind::Number(number);
        }
    }
    Kind::Text(text.to_owned())
}

#[cfg(test)]
mod tests;
