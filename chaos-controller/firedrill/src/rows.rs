//! Two scorecards row by row: which facts differ, each by its place. A criterion's place has its name in it and not its
//! number, because criteria come and go between versions.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// The parts of a scorecard that the verdict follows from, or is.
const DECIDING: [&str; 5] = ["verdict", "exit", "reason", "criteria", "proofs"];
/// Characters of a value that are shown.
const SHOWN: usize = 60;

/// A row of which two scorecards say different things.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Difference {
    /// Such as `criteria.goodput.status`.
    pub(crate) row: String,
    /// `None`: it was not there.
    pub(crate) before: Option<Value>,
    /// `None`: it is not there any more.
    pub(crate) now: Option<Value>,
}

/// Every row that differs, by its place; what decides first.
pub(crate) fn differences(before: &Value, now: &Value) -> Vec<Difference> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    flatten(before, String::new(), &mut old);
    flatten(now, String::new(), &mut new);
    let gone = old.keys().filter(|row| !new.contains_key(*row)).cloned();
    let rows: std::collections::BTreeSet<String> = gone.chain(new.keys().cloned()).collect();
    let pairs = rows.into_iter().map(|row| (old.get(&row).copied(), new.get(&row).copied(), row));
    let differ = pairs.filter(|(before, now, _)| before != now);
    let mut rows: Vec<Difference> = differ
        .map(|(before, now, row)| Difference { row, before: before.cloned(), now: now.cloned() })
        .collect();
    let of_part = |row: &Difference| DECIDING.iter().position(|part| row.row.split('.').next() == Some(part));
    rows.sort_by_key(|row| of_part(row).unwrap_or(DECIDING.len()));
    rows
}

/// Every value that is neither an object nor a list, by its path.
fn flatten<'a>(value: &'a Value, path: String, rows: &mut BTreeMap<String, &'a Value>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(value, below(key), rows)),
        Value::Array(items) => items.iter().enumerate().for_each(|(number, item)| {
            let name =
                item.get("name").and_then(Value::as_str).map_or_else(|| number.to_string(), str::to_owned);
            flatten(item, below(&name), rows);
        }),
        value => {
            rows.insert(path, value);
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.before, &self.now) {
            (Some(before), Some(now)) => write!(f, "{}: {} -> {}", self.row, short(before), short(now)),
            (None, Some(now)) => write!(f, "{}: {}, was not there", self.row, short(now)),
            (Some(before), None) => write!(f, "{}: no longer there, was {}", self.row, short(before)),
            (None, None) => f.write_str(&self.row),
        }
    }
}

fn short(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_named_by_their_criterion_and_not_by_their_number() {
        let before = json!({"exit": 99, "criteria": [{"name": "goodput", "status": "fail"}, {"name": "hold", "status": "pass"}]});
        let now = json!({"exit": 99, "criteria": [{"name": "hold", "status": "fail"}], "cascade": [], "burn": 1, "mode": "gate"});
        let told: Vec<String> = differences(&before, &now).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "criteria.goodput.name: no longer there, was goodput",
                "criteria.goodput.status: no longer there, was fail",
                "criteria.hold.status: pass -> fail",
                "burn: 1, was not there",
                "mode: gate, was not there",
            ]
        );
        assert_eq!(differences(&now, &now), []);
    }

    #[test]
    fn long_values_are_cut() {
        let long = differences(&json!({}), &json!({"reason": "é".repeat(70)}))[0].to_string();
        assert_eq!(long, format!("reason: {}..., was not there", "é".repeat(60)));
    }
}
