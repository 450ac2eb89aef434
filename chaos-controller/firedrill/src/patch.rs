//! Policy changes as people type them: `payment.server.workers=100` becomes a
//! merge patch (RFC 7386). Also the patch that turns one document into another.

use resilience::policy::path;
use serde_json::{Map, Value};

/// The words that a path into a policy can begin with.
const ROOTS: [&str; 3] = ["services", "flags", "version"];

/// The patch of several `path=value`; a later one wins.
pub(crate) fn of_assignments(assignments: &[String]) -> Result<Value, String> {
    let mut patch = Value::Object(Map::new());
    for assignment in assignments {
        let (path, value) = assignment.split_once('=').ok_or_else(|| {
            format!("`{assignment}` is not <path>=<value>, such as payment.server.workers=100")
        })?;
        let mut keys = path::split(&full(path.trim()));
        let last = keys
            .pop()
            .filter(|_| !keys.is_empty())
            .ok_or_else(|| format!("`{path}` is not a path into a policy"))?;
        let mut at = &mut patch;
        for key in keys {
            let fields = at
                .as_object_mut()
                .ok_or_else(|| format!("`{path}` goes through a value that was set before"))?;
            at = fields.entry(key).or_insert_with(|| Value::Object(Map::new()));
        }
        let fields =
            at.as_object_mut().ok_or_else(|| format!("`{path}` goes through a value that was set before"))?;
        fields.insert(last, scalar(value.trim()));
    }
    Ok(patch)
}

/// The patch that makes `wanted` of `current`: what is missing is removed.
pub(crate) fn between(current: &Value, wanted: &Value) -> Value {
    let (Some(current), Some(wanted)) = (current.as_object(), wanted.as_object()) else {
        return wanted.clone();
    };
    let mut patch = Map::new();
    for key in current.keys().filter(|key| !wanted.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in wanted {
        match current.get(key) {
            Some(before) if before == value => {}
            Some(before) => drop(patch.insert(key.clone(), between(before, value))),
            None => drop(patch.insert(key.clone(), value.clone())),
        }
    }
    Value::Object(patch)
}

/// `payment.server.workers` is short for `services.payment.server.workers`.
fn full(path: &str) -> String {
    let first = path.split('.').next().unwrap_or_default();
    if ROOTS.contains(&first) { path.to_owned() } else { format!("services.{path}") }
}

/// Numbers, `true`, `false`, `null` and JSON are what they are; all else is a
/// word (`off`, `400ms`).
fn scalar(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patch(assignments: &[&str]) -> Result<Value, String> {
        of_assignments(&assignments.iter().map(|assignment| (*assignment).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn assignments_become_one_patch() {
        assert_eq!(
            patch(&[
                "payment.server.workers=100",
                "services.payment.calls.bank.charge.attempt_timeout=400ms",
                "payment.server.queue.wait=off",
                "order.settler={\"rate\": 600}",
                "flags.checkout=off",
                "cart.deadline=null",
            ]),
            Ok(json!({
                "services": {
                    "payment": {
                        "server": {"workers": 100, "queue": {"wait": "off"}},
                        "calls": {"bank.charge": {"attempt_timeout": "400ms"}},
                    },
                    "order": {"settler": {"rate": 600}},
                    "cart": {"deadline": null},
                },
                "flags": {"checkout": "off"},
            }))
        );
    }

    #[test]
    fn what_is_no_assignment_is_refused() {
        for bad in ["workers", "=1", "flags=1"] {
            assert!(patch(&[bad]).is_err(), "{bad}");
        }
        assert!(patch(&["payment.server=off", "payment.server.workers=1"]).is_err());
    }

    #[test]
    fn a_whole_document_replaces_the_one_in_force() {
        let current = json!({"version": 1, "services": {"a": {"x": 1, "y": 2}, "b": {}}});
        let wanted = json!({"version": 1, "services": {"a": {"x": 3}, "c": {"z": "off"}}});
        let patch = between(&current, &wanted);
        assert_eq!(patch, json!({"services": {"b": null, "a": {"y": null, "x": 3}, "c": {"z": "off"}}}));
        assert_eq!(resilience::policy::merge(&current, &patch), wanted);
    }
}
