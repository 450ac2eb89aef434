//! Checks a tree against a JSON Schema and says every problem, each under the word that is wrong.
//! Knows the keywords that schemars and our own types write; an unknown keyword allows everything
//! (the tests run the shipped files through a complete validator as well).

use std::ops::Range;

use resilience::policy::Span;
use serde_json::Value;

use super::{did_you_mean, walk::describe::describe};
use crate::{
    diagnostic::Finding,
    tree::{Key, Kind, Node},
};

mod choice;
mod describe;

pub(crate) type Findings = Vec<(Range<usize>, Finding)>;

/// Everything in `node` that `schema` does not allow.
pub(crate) fn walk(schema: &Value, node: &Node) -> Findings {
    let mut walker = Walker { root: schema };
    walker.check(schema, node, Place::of(node))
}

/// Where to point for a node as a whole: a collection may span pages, so its key stands for it.
#[derive(Clone, Debug)]
struct Place {
    span: Range<usize>,
    name: Option<String>,
}

impl Place {
    fn of(node: &Node) -> Place {
        Place { span: first_line(node), name: None }
    }

    fn under(key: &Key, node: &Node) -> Place {
        let collection = matches!(node.kind, Kind::Map(_) | Kind::List(_) | Kind::Null);
        let span = if collection { key.span.clone() } else { node.span.clone() };
        Place { span, name: Some(key.name.clone()) }
    }

    fn subject(&self) -> String {
        self.name.as_ref().map_or_else(|| "this".to_owned(), |name| format!("`{name}`"))
    }
}

/// The span of a node, cut to one character for a collection.
fn first_line(node: &Node) -> Range<usize> {
    match node.kind {
        Kind::Map(_) | Kind::List(_) => node.span.start..node.span.start + 1,
        _ => node.span.clone(),
    }
}

struct Walker<'a> {
    root: &'a Value,
}

impl<'a> Walker<'a> {
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        // Bounded, so that a definition that names itself cannot hang the reader.
        for _ in 0..32 {
            let Some(target) = schema.get("$ref").and_then(Value::as_str) else { break };
            let Some(next) = target.strip_prefix('#').and_then(|at| self.root.pointer(at)) else {
                break;
            };
            schema = next;
        }
        schema
    }

    fn check(&mut self, schema: &'a Value, node: &Node, place: Place) -> Findings {
        let schema = self.resolve(schema);
        let mut found = Findings::new();
        if schema == &Value::Bool(false) {
            found.push((place.span, Finding::new("nothing is allowed here")));
            return found;
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            found.extend(self.check(part, node, place.clone()));
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(branches) = schema.get(keyword).and_then(Value::as_array) {
                found.extend(self.choose(branches, node, &place));
            }
        }
        if !self.fits(schema, node) {
            found.push((place.span.clone(), self.misfit(schema, node, &place)));
            return found;
        }
        match &node.kind {
            Kind::Map(entries) => found.extend(self.check_map(schema, entries, &place)),
            Kind::List(items) => {
                if let Some(item_schema) = schema.get("items") {
                    for item in items {
                        found.extend(self.check(item_schema, item, Place::of(item)));
                    }
                }
                let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                if (items.len() as u64) < least {
                    let message = format!("{} needs at least {least} entries", place.subject());
                    found.push((place.span, Finding::new(message)));
                }
            }
            Kind::Number(number) => {
                if let Some(allowed) = describe::outside(schema, number.as_f64().unwrap_or(0.0)) {
                    let message = format!("{number} is out of range");
                    found.push((node.span.clone(), Finding::new(message).allowed(allowed)));
                }
            }
            Kind::Text(text) => found.extend(self.check_text(schema, text, node)),
            Kind::Bool(_) | Kind::Null => {}
        }
        found
    }

    fn check_map(&mut self, schema: &'a Value, entries: &[(Key, Node)], place: &Place) -> Findings {
        let mut found = Findings::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        for (key, node) in entries {
            let property = properties.and_then(|all| all.get(&key.name));
            let closed = others == Some(&Value::Bool(false));
            match (property, others) {
                (Some(property), _) => {
                    found.extend(self.check(property, node, Place::under(key, node)));
                }
                (None, _) if closed => {
                    let known: Vec<&str> =
                        properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                    // What is already written is no likely slip.
                    let free = known.iter().copied();
                    let free = free.filter(|name| !entries.iter().any(|(k, _)| k.name == *name));
                    let finding = Finding::new(format!("unknown key `{}`", key.name))
                        .maybe_hint(did_you_mean(&key.name, free));
                    let finding = if known.is_empty() {
                        finding.allowed("no keys")
                    } else {
                        finding.allowed(known.join(", "))
                    };
                    found.push((key.span.clone(), finding));
                }
                (None, Some(others)) => {
                    found.extend(self.check_name(schema, key));
                    found.extend(self.check(others, node, Place::under(key, node)));
                }
                (None, None) => {}
            }
        }
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            if !entries.iter().any(|(key, _)| key.name == name) {
                let what = properties.and_then(|all| all.get(name)).map(|s| describe(self, s));
                let message = match &place.name {
                    Some(parent) => format!("`{parent}` lacks the key `{name}`"),
                    None => format!("the key `{name}` is missing"),
                };
                let mut finding = Finding::new(message);
                finding.allowed = what.map(|what| format!("{name}: {what}"));
                found.push((place.span.clone(), finding));
            }
        }
        found
    }

    /// The keys of a map of names, where the names are known.
    fn check_name(&self, schema: &'a Value, key: &Key) -> Option<(Range<usize>, Finding)> {
        let names = self.resolve(schema.get("propertyNames")?).get("enum")?.as_array()?;
        let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
        (!names.contains(&key.name.as_str())).then(|| {
            let finding = Finding::new(format!("unknown name `{}`", key.name))
                .allowed(names.join(", "))
                .maybe_hint(did_you_mean(&key.name, names.iter().copied()));
            (key.span.clone(), finding)
        })
    }

    fn check_text(&self, schema: &Value, text: &str, node: &Node) -> Option<(Range<usize>, Finding)> {
        let pattern = schema.get("pattern")?.as_str()?;
        // The one pattern in use is that of times; the type itself is the better judge of it.
        if !pattern.contains("us|ms|s|m|h") || text.parse::<Span>().is_ok() {
            return None;
        }
        let finding = Finding::new(format!("`{text}` is no duration")).allowed(describe::DURATION);
        let bare = text.parse::<f64>().is_ok();
        let finding = if bare { finding.hint(format!("`{text}s` or `{text}ms`?")) } else { finding };
        Some((node.span.clone(), finding))
    }

    /// Whether the node is of the kind, and one of the words, that the schema names.
    fn fits(&self, schema: &Value, node: &Node) -> bool {
        let kind_fits = match schema.get("type") {
            Some(Value::String(name)) => is(name, node),
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(|n| is(n, node)),
            _ => true,
        };
        let word_fits = describe::words(schema).is_none_or(|words| {
            let value = node.to_value();
            words.iter().any(|word| same(word, &value))
        });
        kind_fits && word_fits
    }

    fn misfit(&self, schema: &Value, node: &Node, place: &Place) -> Finding {
        let allowed = describe(self, schema);
        let message = match &node.kind {
            Kind::Null => format!("{} has no value", place.subject()),
            Kind::Text(text) => format!("`{text}` is not allowed here"),
            Kind::Number(number) => format!("the number {number} is not allowed here"),
            Kind::Bool(value) => format!("the truth value `{value}` is not allowed here"),
            Kind::Map(_) => format!("{} is a map, which is not allowed here", place.subject()),
            Kind::List(_) => format!("{} is a list, which is not allowed here", place.subject()),
        };
        let finding = Finding::new(message).maybe_hint(slip(schema, node));
        finding.allowed(allowed)
    }
}

/// What the author probably meant by a scalar of the wrong kind.
fn slip(schema: &Value, node: &Node) -> Option<String> {
    let words: Vec<&str> = describe::words(schema).into_iter().flatten().filter_map(Value::as_str).collect();
    match &node.kind {
        Kind::Text(text) if words.contains(&"on") && matches!(text.as_str(), "yes" | "no") => {
            Some(format!("write `{}`", if text == "yes" { "on" } else { "off" }))
        }
        Kind::Text(text) => did_you_mean(text, words),
        Kind::Bool(true) if words.contains(&"on") => Some("write `on`".to_owned()),
        Kind::Bool(false) if words.contains(&"off") => Some("write `off`".to_owned()),
        Kind::Number(number) if schema.get("pattern").is_some() => {
            Some(format!("a time needs its unit: `{number}s` or `{number}ms`?"))
        }
        Kind::Number(number) if is_text(schema) && words.is_empty() => {
            Some(format!("to write it as text, quote it: \"{number}\""))
        }
        _ => None,
    }
}

fn is_text(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("string")
}

fn is(name: &str, node: &Node) -> bool {
    match (name, &node.kind) {
        ("integer", Kind::Number(number)) => number.is_i64() || number.is_u64(),
        ("null", Kind::Null)
        | ("boolean", Kind::Bool(_))
        | ("number", Kind::Number(_))
        | ("string", Kind::Text(_))
        | ("array", Kind::List(_))
        | ("object", Kind::Map(_)) => true,
        _ => false,
    }
}

/// Equality in which 1 and 1.0 are one number, as JSON Schema has it.
fn same(a: &Value, b: &Value) -> bool {
    a == b || matches!((a.as_f64(), b.as_f64()), (Some(a), Some(b)) if a == b)
}

#[cfg(test)]
mod tests;
