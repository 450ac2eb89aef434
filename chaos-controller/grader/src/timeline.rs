//! What was done, by whom and why, on one axis: phases, faults, policy changes, actions, processes, alerts. The raw journal
//! has more; this is what a reader of a report wants first.

use evidence::{Entry, Said, kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::case::Case;
use crate::finding::{percent, round};
use crate::told;

/// One event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub t_ms: u64,
    /// After the fault's start; before it, negative.
    pub seconds: f64,
    pub kind: String,
    pub actor: String,
    pub what: String,
    /// The stated reason; empty if none was stated.
    pub why: String,
}

pub(crate) fn timeline(case: &Case<'_>) -> Vec<Event> {
    let events = case.recording.journal.iter().filter_map(|entry| {
        let (what, why) = told(entry)?;
        Some(Event {
            t_ms: entry.t_ms,
            seconds: round(case.moments.seconds(entry.t_ms)),
            kind: entry.kind.clone(),
            actor: entry.actor.clone(),
            what,
            why,
        })
    });
    events.collect()
}

/// What and why of an entry; `None` for those that a report leaves out.
fn told(entry: &Entry) -> Option<(String, String)> {
    let plain = |what: String| Some((what, String::new()));
    match entry.kind.as_str() {
        kind::PHASE => plain(format!("phase {}", entry.text("name"))),
        kind::FAULT_APPLIED => plain(format!("fault {} applied", entry.text("id"))),
        kind::FAULT_CLEARED => {
            Some((format!("fault {} cleared", entry.text("id")), entry.text("reason").to_owned()))
        }
        kind::POLICY => {
            let version = entry.body.get("version").map(Value::to_string).unwrap_or_default();
            let changed = match changed(entry.body.get("patch")).join(", ") {
                empty if empty.is_empty() => empty,
                fields => format!(": {fields}"),
            };
            let why = entry.text("reason").to_owned();
            Some((format!("policy {version}{changed}"), why))
        }
        kind::ACTION if Said::of(entry).is_some() => {
            let told = told::said(entry)?;
            Some((format!("{}: {}", told.name, told.what).trim_end_matches(": ").to_owned(), told.why))
        }
        kind::ACTION => {
            let detail = ["text", "services", "targets", "service", "instances"]
                .iter()
                .filter_map(|field| entry.body.get(*field));
            let detail: Vec<String> =
                detail.map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
            Some((
                format!("{} {}", entry.text("verb"), detail.join(" ")).trim_end().to_owned(),
                entry.text("reason").to_owned(),
            ))
        }
        kind::PROCESS => match entry.text("event") {
            "joined" if entry.t_ms == 0 => None,
            event => Some((format!("{} {event}", entry.text("instance")), entry.text("detail").to_owned())),
        },
        kind::REFUSED => Some((format!("refused: {}", entry.text("what")), entry.text("why").to_owned())),
        kind::ALERT => {
            let summary = entry.text("summary").to_owned();
            Some((format!("alert {} {}", entry.text("name"), entry.text("state")), summary))
        }
        kind::GUARDRAIL => {
            let held = match entry.number("spent") {
                Some(spent) => {
                    format!("{} of the error budget of {} is spent", percent(spent), entry.text("journey"))
                }
                None => format!("{} for {}", entry.text("promql"), entry.text("for")),
            };
            Some((format!("guardrail {} stops the run", entry.text("name")), held))
        }
        _ => None,
    }
}

/// What a policy revision changed, at most eight fields of it.
fn changed(patch: Option<&Value>) -> Vec<String> {
    const MOST: usize = 8;
    let mut found = match patch {
        // A list of changes: path, before, after.
        Some(Value::Array(changes)) => changes.iter().map(change).collect(),
        Some(patch) => paths(patch, String::new()),
        None => Vec::new(),
    };
    if found.len() > MOST {
        let more = found.len() - MOST;
        found.truncate(MOST);
        found.push(format!("and {more} more"));
    }
    found
}

fn change(change: &Value) -> String {
    let path = change.get("path").and_then(Value::as_str).unwrap_or_default();
    match change.get("after").filter(|after| !after.is_null()) {
        Some(after) => format!("{path} = {}", plain(after)),
        None => format!("{path} removed"),
    }
}

/// The fields of a merge patch with their new values.
fn paths(patch: &Value, at: String) -> Vec<String> {
    let below = |key: &String| if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
    match patch {
        Value::Object(fields) => fields.iter().flat_map(|(key, value)| paths(value, below(key))).collect(),
        Value::Null => vec![format!("{at} removed")],
        value => vec![format!("{at} = {}", plain(value))],
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
    fn both_forms_of_a_revision_are_told_by_their_fields() {
        let patch = json!({"flags": {"checkout": "off"}, "services": {"cart": null}});
        assert_eq!(changed(Some(&patch)), ["flags.checkout = off", "services.cart removed"]);
        let changes =
            json!([{"path": "flags.checkout", "before": "on", "after": "off"}, {"path": "x", "before": 1}]);
        assert_eq!(changed(Some(&changes)), ["flags.checkout = off", "x removed"]);
    }

    #[test]
    fn a_long_revision_is_cut() {
        let patch: serde_json::Map<String, Value> = (0..12).map(|n| (format!("f{n}"), json!(n))).collect();
        assert_eq!(changed(Some(&patch.into())).last().unwrap(), "and 4 more");
    }
}
