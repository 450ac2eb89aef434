//! What was changed: each version of the policy with its author, its reason and its fields, before and after.

use evidence::{Entry, kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::case::Case;
use crate::finding::round;

/// A version of the policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    pub version: u64,
    /// After the fault's start.
    pub seconds: f64,
    pub author: String,
    /// Empty if none was stated.
    pub reason: String,
    pub changes: Vec<Change>,
    /// Instances that had it in force, of how many, and after how many milliseconds.
    pub applied: Option<(u64, u64, f64)>,
    /// Line of the journal.
    pub seq: u64,
}

/// A field of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub path: String,
    /// `None`: it was not there.
    pub before: Option<String>,
    /// `None`: it was taken away.
    pub after: Option<String>,
}

pub(super) fn all(case: &Case<'_>) -> Vec<Revision> {
    case.recording.entries(kind::POLICY).map(|entry| revision(case, entry)).collect()
}

fn revision(case: &Case<'_>, entry: &Entry) -> Revision {
    let version = entry.number("version");
    let applied =
        case.recording.entries(kind::POLICY_APPLIED).find(|other| other.number("version") == version);
    let applied = applied.and_then(|applied| {
        let count = |field| applied.number(field).map(|n| n as u64);
        Some((count("instances")?, count("of")?, round(applied.number("elapsed_ms")?)))
    });
    Revision {
        version: version.unwrap_or_default() as u64,
        seconds: round(case.moments.seconds(entry.t_ms)),
        author: entry.actor.clone(),
        reason: entry.text("reason").to_owned(),
        changes: changes(entry.body.get("patch")),
        applied,
        seq: entry.seq,
    }
}

/// Both forms that a journal has: a list of changes, or the merge patch itself, which does not say what was before.
fn changes(patch: Option<&Value>) -> Vec<Change> {
    match patch {
        Some(Value::Array(changes)) => changes.iter().map(change).collect(),
        Some(patch) => {
            let mut found = Vec::new();
            fields(patch, String::new(), &mut found);
            found
        }
        None => Vec::new(),
    }
}

fn change(change: &Value) -> Change {
    let side = |name: &str| change.get(name).filter(|value| !value.is_null()).map(plain);
    let path = change.get("path").and_then(Value::as_str).unwrap_or_default();
    Change { path: path.to_owned(), before: side("before"), after: side("after") }
}

fn fields(patch: &Value, at: String, found: &mut Vec<Change>) {
    match patch {
        Value::Object(below) => {
            for (key, value) in below {
                let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                fields(value, at, found);
            }
        }
        value => {
            let after = (!value.is_null()).then(|| plain(value));
            found.push(Change { path: at, before: None, after });
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_of_changes_says_what_was_before() {
        let found = changes(Some(
            &json!([{"path": "a.b", "before": 1, "after": null}, {"path": "c", "before": null, "after": "2s"}]),
        ));
        let sides = |change: &Change| (change.before.clone(), change.after.clone());
        assert_eq!(sides(&found[0]), (Some("1".to_owned()), None));
        assert_eq!(sides(&found[1]), (None, Some("2s".to_owned())));
    }

    #[test]
    fn a_merge_patch_is_told_field_by_field() {
        let found = changes(Some(&json!({"flags": {"checkout": "off"}, "services": {"cart": null}})));
        let paths: Vec<&str> = found.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, ["flags.checkout", "services.cart"]);
        assert_eq!(found[1].after, None);
    }
}
