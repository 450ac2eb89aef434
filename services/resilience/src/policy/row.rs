//! Which row applies: the most specific one wins, field by field.
//!
//! The rows are laid over each other as merge patches, from the general to the specific, so that "field by
//! field" means the same here as in a change that a person sends, and an `off` in a specific row hides
//! the whole policy below it.

use serde_json::{Map, Value};

use super::merge::merge;
use super::topology::ANY;

/// The row of `service` without its calls: `*`, then its own.
pub(super) fn service(document: &Value, service: &str) -> Value {
    let mut row = Value::Object(Map::new());
    for name in [ANY, service] {
        if let Some(over) = document["services"].get(name) {
            row = merge(&row, over);
        }
    }
    if let Some(row) = row.as_object_mut() {
        row.shift_remove("calls");
    }
    row
}

/// The row of one call, `key` being `target.Method`: all calls of anyone, this call of anyone, all calls of
/// `service`, this call of `service`.
pub(super) fn call(document: &Value, service: &str, key: &str) -> Value {
    let mut row = Value::Object(Map::new());
    for name in [ANY, service] {
        for key in [ANY, key] {
            if let Some(over) = document["services"][name]["calls"].get(key) {
                row = merge(&row, over);
            }
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_most_specific_row_wins_field_by_field() {
        let document = json!({"services": {
            "*": {"server": {"workers": 200, "queue": {"limit": 10, "wait": "1s"}},
                  "calls": {"*": {"attempt_timeout": "1s", "bulkhead": 5}, "bank.charge": {"breaker": {"window": 9}}}},
            "payment": {"server": {"queue": {"limit": 99}}, "calls": {"bank.charge": {"attempt_timeout": "off"}}},
        }});
        assert_eq!(
            service(&document, "payment"),
            json!({"server": {"workers": 200, "queue": {"limit": 99, "wait": "1s"}}})
        );
        assert_eq!(
            call(&document, "payment", "bank.charge"),
            json!({"attempt_timeout": "off", "bulkhead": 5, "breaker": {"window": 9}})
        );
        assert_eq!(
            call(&document, "payment", "bank.lookup"),
            json!({"attempt_timeout": "1s", "bulkhead": 5})
        );
    }
}
