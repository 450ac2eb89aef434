//! A walk through a JSON Schema by the keys of a path, which says what is there, what may stand there, and which keys
//! there are.

use serde_json::Value;

/// What stands at a path.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Place {
    pub(super) description: String,
    /// What may stand there, in words.
    pub(super) allowed: String,
    /// Keys below it.
    pub(super) keys: Vec<String>,
}

/// The place at `keys`; `None` if the schema has none. A key may be one that the schema does not list, where it takes
/// any.
pub(super) fn place(schema: &Value, keys: &[String]) -> Option<Place> {
    let mut found = vec![schema];
    let mut described = None;
    for key in keys {
        let mut below: Vec<&Value> = Vec::new();
        for at in found {
            below.extend(children(schema, at, key));
        }
        if below.is_empty() {
            return None;
        }
        described = below.iter().find_map(|at| at["description"].as_str()).map(str::to_owned).or(None);
        found = below;
    }
    let at: Vec<&Value> = found.into_iter().flat_map(|at| choices(schema, at)).collect();
    let description =
        described.or_else(|| at.iter().find_map(|at| at["description"].as_str()).map(str::to_owned));
    let mut keys: Vec<String> =
        at.iter().filter_map(|at| at["properties"].as_object()).flat_map(|map| map.keys().cloned()).collect();
    keys.dedup();
    let mut allowed: Vec<String> = at.iter().filter_map(|at| words(at)).collect();
    allowed.dedup();
    Some(Place { description: description.unwrap_or_default(), allowed: allowed.join(", or "), keys })
}

/// Every path that leads to something described, with a `*` where any key is taken; no deeper than `depth`.
pub(super) fn paths(schema: &Value, depth: usize) -> Vec<String> {
    let mut all = Vec::new();
    collect(schema, schema, "", depth, &mut all);
    all
}

fn collect(schema: &Value, at: &Value, path: &str, depth: usize, all: &mut Vec<String>) {
    if depth == 0 {
        return;
    }
    for at in choices(schema, at) {
        let named =
            at["properties"].as_object().into_iter().flatten().map(|(key, below)| (key.as_str(), below));
        let any = at.get("additionalProperties").filter(|any| any.is_object()).map(|any| ("*", any));
        for (key, below) in named.chain(any) {
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            collect(schema, below, &path, depth - 1, all);
            all.push(path);
        }
    }
}

/// What is below `key`, through every alternative.
fn children<'a>(schema: &'a Value, at: &'a Value, key: &str) -> Vec<&'a Value> {
    choices(schema, at)
        .into_iter()
        .filter_map(|at| {
            at["properties"]
                .get(key)
                .or_else(|| at.get("additionalProperties").filter(|any| any.is_object()))
                // A list's elements are meant by any number.
                .or_else(|| at.get("items").filter(|_| key.parse::<usize>().is_ok()))
        })
        .collect()
}

/// The alternatives at a place, references followed.
fn choices<'a>(schema: &'a Value, at: &'a Value) -> Vec<&'a Value> {
    let mut open = vec![at];
    let mut closed = Vec::new();
    while let Some(at) = open.pop() {
        if let Some(name) = at["$ref"].as_str().and_then(|name| name.strip_prefix('#')) {
            open.extend(schema.pointer(name));
        }
        for list in ["oneOf", "anyOf"] {
            open.extend(at[list].as_array().into_iter().flatten().rev());
        }
        closed.push(at);
    }
    closed
}

/// What a schema takes, in a few words; `None` if it only points elsewhere.
fn words(at: &Value) -> Option<String> {
    if let Some(value) = at.get("const") {
        return Some(plain(value));
    }
    if let Some(values) = at["enum"].as_array() {
        return Some(values.iter().map(plain).collect::<Vec<_>>().join(" | "));
    }
    let kind = at["type"].as_str()?;
    let (low, high) = (at.get("minimum"), at.get("maximum"));
    Some(match (kind, low, high) {
        ("integer" | "number", Some(low), Some(high)) => format!("{low} to {high}"),
        ("integer" | "number", Some(low), None) => format!("{low} or more"),
        ("integer" | "number", None, Some(high)) => format!("at most {high}"),
        ("integer" | "number", None, None) => match at.get("exclusiveMinimum") {
            Some(low) => format!("more than {low}"),
            None => "a number".to_owned(),
        },
        ("string", ..) if at.get("pattern").is_some() => match at["description"].as_str() {
            Some(words) => uncapitalised(words.trim_end_matches('.')),
            None => "a text of a form of its own".to_owned(),
        },
        ("string", ..) => "a text".to_owned(),
        ("array", ..) => "a list".to_owned(),
        ("boolean", ..) => "true or false".to_owned(),
        ("object", ..) => "a block of keys".to_owned(),
        _ => return None,
    })
}

/// As the middle of a sentence.
fn uncapitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
