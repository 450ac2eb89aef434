//! What changed between two documents, field by field.

use serde::Serialize;
use serde_json::Value;

use super::path;

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    pub path: String,
    /// None = it is new.
    pub before: Option<Value>,
    /// None = it is gone.
    pub after: Option<Value>,
}

/// All the fields that differ, in the order of `a`, then what only `b` has. A branch that only one side has is listed
/// leaf by leaf.
pub fn diff(a: &Value, b: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(&mut Vec::new(), Some(a), Some(b), &mut changes);
    changes
}

fn walk(keys: &mut Vec<String>, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<Change>) {
    if before == after {
        return;
    }
    let members = |side: Option<&'_ Value>| side.and_then(Value::as_object).cloned().unwrap_or_default();
    let (old, new) = (members(before), members(after));
    if old.is_empty() && new.is_empty() {
        changes.push(Change { path: path::join(keys), before: before.cloned(), after: after.cloned() });
        return;
    }
    // `off` that became an object, or the other way round, is one change of its own, before the leaves.
    let (was, is) = (before.filter(|v| !v.is_object()), after.filter(|v| !v.is_object()));
    if was.is_some() || is.is_some() {
        changes.push(Change { path: path::join(keys), before: before.cloned(), after: after.cloned() });
        return;
    }
    for key in old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))) {
        keys.push(key.clone());
        walk(keys, old.get(key), new.get(key), changes);
        keys.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_diff_names_the_fields_that_differ_and_no_others() {
        let a = json!({"version": 1, "services": {"payment": {"server": {"workers": 200, "cancel": "off"}}}});
        let b = json!({"version": 1, "services": {"payment": {"server": {"workers": 100},
            "calls": {"bank.charge": {"breaker": {"window": 100}}}}}});
        let change = |path: &str, before: Option<Value>, after: Option<Value>| Change {
            path: path.into(),
            before,
            after,
        };
        assert_eq!(
            diff(&a, &b),
            [
                change("services.payment.server.workers", Some(json!(200)), Some(json!(100))),
                change("services.payment.server.cancel", Some(json!("off")), None),
                change("services.payment.calls.bank.charge.breaker.window", None, Some(json!(100))),
            ]
        );
        assert_eq!(diff(&a, &a), []);
    }

    #[test]
    fn a_policy_that_was_off_is_one_change() {
        let with = |breaker: Value| json!({"services": {"payment": {"calls": {"bank.charge": {"breaker": breaker}}}}});
        let changes = diff(&with(json!("off")), &with(json!({"window": 5, "open_for": "1s"})));
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].before, Some(json!("off")));
    }
}
