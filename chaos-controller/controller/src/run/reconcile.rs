//! The bank's and the guard's own logs of fault changes against the journal. A change that nobody wrote down makes the
//! run void: with the operator's token anybody on the machine can make the bank well again, and it must show.

use std::collections::BTreeMap;

use evidence::{Entry, kind};
use serde_json::{Value, json};

use crate::causes::chain;
use crate::faults::place::Place;
use crate::lab::Lab;

use super::Run;

/// Wall clocks of two machines may differ by this.
const CLOCKS_APART_MS: u64 = 50;

/// Notes the logs and what of them the journal does not explain.
pub(crate) async fn reconcile(lab: &Lab, run: &Run) {
    let (mut log, mut silent) = (Vec::new(), Vec::new());
    for place in Place::ALL {
        match place.log(lab).await {
            Ok(mut lines) => log.append(&mut lines),
            Err(error) => silent.push(json!(format!("a log is not told: {}", chain(&error)))),
        }
    }
    // Their clocks are this machine's, or near it: what they logged before the run is no change of this run.
    let from = run.book.start_unix_ms.saturating_sub(CLOCKS_APART_MS);
    let changes: Vec<Value> =
        log.into_iter().filter(|change| change["at_unix_ms"].as_u64().is_none_or(|at| at >= from)).collect();
    let entries = std::fs::read(run.book.dir.join(evidence::recording::JOURNAL))
        .ok()
        .and_then(|text| evidence::verify(text).ok())
        .map(|verified| verified.entries)
        .unwrap_or_default();
    let mut unexplained = unexplained(&changes, &entries);
    unexplained.append(&mut silent);
    lab.observe(kind::BANK_LOG, json!({"changes": changes, "unexplained": unexplained}));
}

/// Changes beyond those that the journal tells of, by kind and fault.
fn unexplained(changes: &[Value], entries: &[Entry]) -> Vec<Value> {
    let mut told: BTreeMap<(Kind, String), i64> = BTreeMap::new();
    for entry in entries {
        let kind = match entry.kind.as_str() {
            kind::FAULT_INTENT => Kind::Applied,
            kind::FAULT_CLEARED => Kind::Ended,
            _ => continue,
        };
        *told.entry((kind, entry.text("id").to_owned())).or_default() += 1;
    }
    changes
        .iter()
        .filter(|change| {
            let id = change["id"].as_str().unwrap_or_default().to_owned();
            match Kind::of(change) {
                // A renewal changes only the end, and a replacement comes with what replaces.
                Kind::Known => !told.keys().any(|(_, known)| *known == id),
                kind => {
                    let left = told.entry((kind, id)).or_default();
                    *left -= 1;
                    *left < 0
                }
            }
        })
        .cloned()
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Applied,
    Ended,
    /// Explained by the fault being known.
    Known,
}

impl Kind {
    fn of(change: &Value) -> Self {
        match change["change"].as_str().unwrap_or_default() {
            "renewed" | "replaced" => Self::Known,
            "cleared" | "expired" => Self::Ended,
            // An unknown word is taken for the worst: a change that must be explained.
            _ => Self::Applied,
        }
    }
}

#[cfg(test)]
mod tests {
    use evidence::Chain;

    use super::*;

    fn journal(lines: &[(&str, &str)]) -> Vec<Entry> {
        let mut chain = Chain::new();
        lines.iter().map(|(kind, id)| chain.append(0, kind, "controller", json!({"id": id}))).collect()
    }

    #[test]
    fn what_the_journal_tells_is_explained() {
        let entries = journal(&[
            (kind::FAULT_INTENT, "slow"),
            (kind::FAULT_APPLIED, "slow"),
            (kind::FAULT_CLEARED, "slow"),
        ]);
        let changes = [
            json!({"change": "applied", "id": "slow"}),
            json!({"change": "renewed", "id": "slow"}),
            json!({"change": "cleared", "id": "slow"}),
        ];
        assert!(unexplained(&changes, &entries).is_empty());
    }

    #[test]
    fn a_fault_that_somebody_else_cleared_is_unexplained() {
        let entries = journal(&[(kind::FAULT_INTENT, "slow"), (kind::FAULT_CLEARED, "slow")]);
        let changes = [
            json!({"change": "applied", "id": "slow"}),
            json!({"change": "cleared", "id": "slow"}),
            json!({"change": "applied", "id": "slow"}),
            json!({"change": "cleared", "id": "slow"}),
            json!({"change": "renewed", "id": "theirs"}),
        ];
        assert_eq!(unexplained(&changes, &entries).len(), 3);
    }
}
