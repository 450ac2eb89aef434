//! The proofs that the experiment itself was sound, one file each. One that is not passed makes the run void: the
//! criteria then judge something else than the drill. Where the evidence allows, a proof is made again here; the
//! controller's own entry in the journal can only make it worse.

mod baseline;
mod clean;
pub(crate) mod dose;
pub(crate) mod generator;
pub(crate) mod guardrails;
pub(crate) mod metastable;
pub(crate) mod sealed;
mod trigger_removed;

use evidence::kind;
use serde_json::Value;

use crate::case::Case;
use crate::finding::{Finding, Status};
use crate::scorecard::SEALED;

type Prove = fn(&Case<'_>) -> Finding;

/// Every proof, in the order of a run.
pub(crate) const ALL: [(&str, Prove); 6] = [
    ("baseline", baseline::prove),
    ("dose", dose::prove),
    ("trigger_removed", trigger_removed::prove),
    ("generator", generator::prove),
    ("clean", clean::prove),
    (SEALED, sealed::prove),
];

/// What the controller noted of a proof; `None` if it noted nothing.
fn noted(case: &Case<'_>, name: &str) -> Option<Finding> {
    let entries: Vec<_> =
        case.recording.entries(kind::PROOF).filter(|entry| entry.text("name") == name).collect();
    let ok = |entry: &&&evidence::Entry| entry.body.get("ok").and_then(Value::as_bool) == Some(true);
    let detail = |entry: &evidence::Entry| match entry.body.get("detail") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "no detail".to_owned(),
        Some(other) => other.to_string(),
    };
    let failed = entries.iter().find(|entry| !ok(entry));
    let entry = failed.or(entries.last())?;
    Some(
        Finding::judged(failed.is_none(), detail(entry))
            .evidence(format!("journal: proof entry {}", entry.seq)),
    )
}

/// The worse of what was found here and what the controller noted.
fn with_note(case: &Case<'_>, name: &str, found: Finding) -> Finding {
    match noted(case, name) {
        Some(note) if note.status == Status::Fail && found.status != Status::Fail => note,
        _ => found,
    }
}
