//! What happens behind the scenes, read from the journal of the run: its phases, and its faults from their start to their
//! end. Who may be shown it, and when, is the API's.

use evidence::{Entry, kind};
use serde_json::Value;

use crate::api::words::{Revealed, RevealedFault, RevealedPhase};

/// What the entries so far tell.
pub(crate) fn revealed(entries: &[Entry]) -> Revealed {
    let mut revealed = Revealed::default();
    for entry in entries {
        match entry.kind.as_str() {
            kind::PHASE => {
                revealed.phases.push(RevealedPhase { name: entry.text("name").to_owned(), t_ms: entry.t_ms });
            }
            kind::FAULT_INTENT => revealed.faults.push(RevealedFault {
                id: entry.text("id").to_owned(),
                target: entry.text("target").to_owned(),
                spec: entry.body.get("spec").cloned().unwrap_or(Value::Null),
                why: entry.text("why").to_owned(),
                from_ms: entry.t_ms,
                to_ms: None,
            }),
            kind::FAULT_CLEARED => {
                let id = entry.text("id");
                let on =
                    revealed.faults.iter_mut().rev().find(|fault| fault.id == id && fault.to_ms.is_none());
                if let Some(fault) = on {
                    fault.to_ms = Some(entry.t_ms);
                }
            }
            _ => {}
        }
    }
    revealed
}

#[cfg(test)]
mod tests {
    use evidence::Chain;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fault_that_comes_back_is_told_each_time_and_one_that_is_on_has_no_end() {
        let mut chain = Chain::new();
        let mut entry = |t_ms, kind: &str, body| chain.append(t_ms, kind, "controller", body);
        let entries = [
            entry(1, kind::PHASE, json!({"name": "inject"})),
            entry(
                2,
                kind::FAULT_INTENT,
                json!({"id": "slow", "target": "bank", "spec": {}, "why": "timeline"}),
            ),
            entry(3, kind::FAULT_CLEARED, json!({"id": "slow", "reason": "its time is over"})),
            entry(
                4,
                kind::FAULT_INTENT,
                json!({"id": "slow", "target": "bank", "spec": {}, "why": "replay"}),
            ),
            entry(5, kind::ACTION, json!({"verb": "say", "text": "slow"})),
        ];
        let told = revealed(&entries);
        assert_eq!((told.phases.len(), told.phases[0].t_ms), (1, 1));
        let ends: Vec<Option<u64>> = told.faults.iter().map(|fault| fault.to_ms).collect();
        assert_eq!(ends, [Some(3), None]);
        assert_eq!(told.faults[1].why, "replay");
    }
}
