//! Checks a value against the schema and names every place where it does not fit.
//!
//! A walker over the few keywords that [`super::schema()`] keeps to. It exists because serde stops at the first
//! problem, and a person who writes a policy under pressure wants them all.

use serde_json::Value;

use super::problem::Problem;
use super::span::{PATTERN, Span};

/// All the places of `value` that do not fit.
pub(super) fn check(value: &Value, schema: &Value) -> Vec<Problem> {
    let mut walk = Walk { root: schema, keys: Vec::new(), problems: Vec::new() };
    walk.value(value, schema);
    walk.problems
}

struct Walk<'a> {
    root: &'a Value,
    keys: Vec<String>,
    problems: Vec<Problem>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, value: &Value, schema: &'a Value) {
        let schema = resolve(self.root, schema);
        if let Some(choices) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
            return self.choice(value, choices);
        }
        if let Some(words) = schema["enum"].as_array() {
            if !words.contains(value) {
                self.refuse_word(value, words.iter().filter_map(Value::as_str).collect());
            }
            return;
        }
        if let Some(only) = schema.get("const") {
            if value != only {
                self.problem(format!("{} is not {}", shown(value), shown(only)), &[&shown(only)]);
            }
            return;
        }
        match schema["type"].as_str() {
            Some("object") => self.object(value, schema),
            Some("array") => self.array(value, schema),
            Some("string") => self.string(value, schema),
            Some(number @ ("integer" | "number")) => self.number(value, schema, number),
            Some("null") if !value.is_null() => self.problem(format!("{} is not null", shown(value)), &[]),
            _ => {}
        }
    }

    /// Fits if one choice does. Else the choice of the same kind is the one that was meant, and its problems count.
    fn choice(&mut self, value: &Value, choices: &'a [Value]) {
        let mut meant: Option<Vec<Problem>> = None;
        for choice in choices {
            let mut attempt = Walk { root: self.root, keys: self.keys.clone(), problems: Vec::new() };
            attempt.value(value, choice);
            if attempt.problems.is_empty() {
                return;
            }
            let resolved = resolve(self.root, choice);
            // A choice inside a choice (null, or off, or a value) is the last resort, so it always is the one meant.
            if same_kind(value, resolved) || resolved.get("anyOf").is_some() {
                meant = Some(attempt.problems);
            }
        }
        match meant {
            Some(mut problems) => {
                let off = choices.iter().any(|choice| choice["const"] == "off");
                for problem in problems.iter_mut().filter(|problem| off && problem.keys == self.keys) {
                    let allowed =
                        problem.allowed.take().map_or("off".into(), |allowed| format!("off, {allowed}"));
                    problem.allowed = Some(allowed);
                }
                self.problems.append(&mut problems);
            }
            None => {
                let kinds: Vec<String> =
                    choices.iter().map(|choice| kind(resolve(self.root, choice))).collect();
                let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
                self.problem(format!("{} cannot stand here", shown(value)), &kinds);
            }
        }
    }

    fn object(&mut self, value: &Value, schema: &'a Value) {
        let Some(members) = value.as_object() else {
            return self.wrong_kind(value, schema);
        };
        let known = schema["properties"].as_object();
        for (key, member) in members {
            self.keys.push(key.clone());
            match known.and_then(|known| known.get(key)) {
                Some(schema) => self.value(member, schema),
                None if schema["additionalProperties"].is_object() => {
                    self.value(member, &schema["additionalProperties"]);
                }
                None => {
                    let names: Vec<&str> =
                        known.into_iter().flat_map(|known| known.keys().map(String::as_str)).collect();
                    let problem = Problem::new(&self.keys, format!("`{key}` is not a field here"));
                    self.problems.push(problem.allow(names.iter().copied()).meant(key, names));
                }
            }
            self.keys.pop();
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.problem(format!("the field `{name}` is missing"), &[]);
            }
        }
    }

    fn array(&mut self, value: &Value, schema: &'a Value) {
        let Some(items) = value.as_array() else {
            return self.wrong_kind(value, schema);
        };
        for (index, item) in items.iter().enumerate() {
            self.keys.push(index.to_string());
            self.value(item, &schema["items"]);
            self.keys.pop();
        }
    }

    fn string(&mut self, value: &Value, schema: &Value) {
        let Some(text) = value.as_str() else {
            return self.wrong_kind(value, schema);
        };
        // The one pattern there is, without a regular-expression engine for it.
        if schema["pattern"] == PATTERN
            && let Err(error) = text.parse::<Span>()
        {
            self.problem(format!("`{text}`: {error}"), &[]);
        }
    }

    fn number(&mut self, value: &Value, schema: &Value, kind: &str) {
        let whole = value.as_i64().is_some() || value.as_u64().is_some();
        let number = match value.as_f64() {
            Some(number) if whole || kind == "number" => number,
            _ => return self.wrong_kind(value, schema),
        };
        let bound = |name: &str| schema[name].as_f64();
        let range = range(schema);
        let said = if bound("minimum").is_some_and(|minimum| number < minimum) {
            format!("{} is too small: it is at least {}", shown(value), shown(&schema["minimum"]))
        } else if bound("exclusiveMinimum").is_some_and(|minimum| number <= minimum) {
            format!("{} is too small: it is above {}", shown(value), shown(&schema["exclusiveMinimum"]))
        } else if bound("maximum").is_some_and(|maximum| number > maximum) {
            format!("{} is too large: it is at most {}", shown(value), shown(&schema["maximum"]))
        } else {
            return;
        };
        self.problem(said, &[&range]);
    }

    fn refuse_word(&mut self, value: &Value, words: Vec<&str>) {
        let problem = Problem::new(&self.keys, format!("{} is not one of the words", shown(value)));
        let problem = problem.allow(words.iter().copied());
        self.problems.push(match value {
            Value::Bool(true) if words.contains(&"on") => problem.hint("write `on`"),
            Value::Bool(false) if words.contains(&"off") => problem.hint("write `off`"),
            Value::String(word) => problem.meant(word, words),
            _ => problem,
        });
    }

    fn wrong_kind(&mut self, value: &Value, schema: &Value) {
        self.problem(format!("{} is not {}", shown(value), kind(schema)), &[]);
    }

    fn problem(&mut self, message: String, allowed: &[&str]) {
        self.problems.push(Problem::new(&self.keys, message).allow(allowed.iter().copied()));
    }
}

/// Follows references.
pub(super) fn resolve<'a>(root: &'a Value, mut schema: &'a Value) -> &'a Value {
    while let Some(name) = schema["$ref"].as_str() {
        schema = root.pointer(name.trim_start_matches('#')).unwrap_or(&Value::Null);
    }
    schema
}

fn same_kind(value: &Value, schema: &Value) -> bool {
    match value {
        Value::Object(_) => schema["type"] == "object",
        Value::Array(_) => schema["type"] == "array",
        Value::Number(_) => schema["type"] == "integer" || schema["type"] == "number",
        Value::String(_) => schema["type"] == "string" && schema.get("const").is_none(),
        _ => false,
    }
}

/// What fits a schema, in words.
fn kind(schema: &Value) -> String {
    if let Some(only) = schema.get("const") {
        return shown(only);
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(shown).collect::<Vec<_>>().join(", ");
    }
    match schema["type"].as_str() {
        Some("object") => "an object of fields".into(),
        Some("array") => "a list".into(),
        Some("string") if schema["pattern"] == PATTERN => "a time such as 400ms, 1.5s or 2m".into(),
        Some("string") => "a text".into(),
        Some("integer") => format!("a whole number {}", range(schema)),
        Some("number") => format!("a number {}", range(schema)),
        Some(other) => other.into(),
        None => "a value".into(),
    }
}

fn range(schema: &Value) -> String {
    let low = match schema.get("exclusiveMinimum") {
        Some(minimum) => format!("above {}", shown(minimum)),
        None => format!("from {}", shown(&schema["minimum"])),
    };
    format!("{low} to {}", shown(&schema["maximum"]))
}

/// A value as it reads in a sentence.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(_) => "an object".into(),
        Value::Array(_) => "a list".into(),
        // schemars writes the bounds of floats as floats: 1.0 reads as 1.
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}
