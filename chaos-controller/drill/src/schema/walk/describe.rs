//! What a schema allows, in words for people.

use serde_json::Value;

use super::Walker;

pub(super) const DURATION: &str = "a duration such as 400ms, 1.5s or 2m";

/// One line on what may be written.
pub(super) fn describe<'a>(walker: &Walker<'a>, schema: &'a Value) -> String {
    let schema = walker.resolve(schema);
    if let Some(words) = words(schema) {
        let words = words.iter().filter(|word| !word.is_null());
        return words.map(plain).collect::<Vec<_>>().join(", ");
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(branches) = schema.get(keyword).and_then(Value::as_array) {
            let mut parts: Vec<String> = Vec::new();
            for branch in branches {
                let part = describe(walker, branch);
                if part != "nothing" && !parts.contains(&part) {
                    parts.push(part);
                }
            }
            return parts.join(", ");
        }
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("")
        }
        Some(Value::String(kind)) => kind,
        _ => "",
    };
    match kind {
        "string" if schema.get("pattern").is_some() => DURATION.to_owned(),
        "string" => "text".to_owned(),
        "integer" => ranged("a whole number", schema),
        "number" => ranged("a number", schema),
        "boolean" => "true, false".to_owned(),
        "array" => match schema.get("items") {
            Some(items) => format!("a list of: {}", describe(walker, items)),
            None => "a list".to_owned(),
        },
        "object" => match tag(schema) {
            Some(tag) => format!("{{{tag}: ...}}"),
            None => keys(schema),
        },
        "null" => "nothing".to_owned(),
        _ => "anything".to_owned(),
    }
}

/// The words of an `enum` or a `const`.
pub(super) fn words(schema: &Value) -> Option<&[Value]> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(word), _) => Some(std::slice::from_ref(word)),
        (None, Some(Value::Array(words))) => Some(words),
        _ => None,
    }
}

/// The tag of an externally tagged variant: the one key, and it is required.
pub(super) fn tag(schema: &Value) -> Option<&str> {
    let properties = schema.get("properties")?.as_object()?;
    let required = schema.get("required")?.as_array()?;
    let (name, _) = properties.iter().next()?;
    (properties.len() == 1 && required.len() == 1 && required[0] == name.as_str()).then_some(name)
}

/// The range of a number, if `value` is out of it.
pub(super) fn outside(schema: &Value, value: f64) -> Option<String> {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let inside = bound("minimum").is_none_or(|least| value >= least)
        && bound("maximum").is_none_or(|most| value <= most)
        && bound("exclusiveMinimum").is_none_or(|below| value > below)
        && bound("exclusiveMaximum").is_none_or(|above| value < above);
    (!inside).then(|| range(schema)).flatten()
}

fn ranged(kind: &str, schema: &Value) -> String {
    match range(schema) {
        Some(range) => format!("{kind} {range}"),
        None => kind.to_owned(),
    }
}

fn range(schema: &Value) -> Option<String> {
    let words = [
        ("exclusiveMinimum", "above"),
        ("minimum", "from"),
        ("exclusiveMaximum", "below"),
        ("maximum", "to"),
    ];
    let parts: Vec<String> =
        words.iter().filter_map(|(key, word)| Some(format!("{word} {}", plain(schema.get(key)?)))).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn keys(schema: &Value) -> String {
    match schema.get("properties").and_then(Value::as_object) {
        Some(properties) if !properties.is_empty() => {
            let names: Vec<&str> = properties.keys().map(String::as_str).collect();
            format!("a map of {}", names.join(", "))
        }
        _ => "a map".to_owned(),
    }
}

/// Whole numbers without the `.0` that schemas of floats carry.
fn plain(value: &Value) -> String {
    match (value.as_str(), value.as_f64()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(number)) => number.to_string(),
        _ => value.to_string(),
    }
}
