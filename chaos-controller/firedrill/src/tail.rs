//! What a journal says of a run that its controller did not finish: how far it
//! was, and which faults were on. Read-only; grading such a run is the
//! controller's.

use std::path::Path;

use evidence::{Entry, kind};
use serde::Serialize;
use serde_json::Value;

use crate::watch::narrate::{describe_fault, line};
use crate::watch::pulse::clock;

/// Lines that are shown.
const LINES: usize = 6;

/// The end of a journal.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Tail {
    /// The run's folder.
    pub(crate) dir: String,
    /// The phase that it reached.
    pub(crate) phase: String,
    /// Whether the run was over.
    pub(crate) over: bool,
    /// Time of the last line, milliseconds since the start of the run.
    pub(crate) t_ms: u64,
    /// Faults that were on at the end: name, what, and how long their lease is.
    pub(crate) faults: Vec<OpenFault>,
    /// The last lines, in words.
    pub(crate) lines: Vec<String>,
    /// What is wrong with the journal, if anything.
    pub(crate) damage: Option<String>,
}

/// A fault that nobody cleared.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct OpenFault {
    pub(crate) id: String,
    pub(crate) what: String,
    pub(crate) lease: String,
}

/// Reads the end of a run's journal; `None` if there is none.
pub(crate) fn tail(dir: &Path) -> Option<Tail> {
    let text = std::fs::read(dir.join("journal.jsonl")).ok()?;
    Some(match evidence::verify(&text) {
        Ok(verified) => {
            let damage = verified
                .torn
                .map(|line| format!("its line {line} is torn, as a kill leaves it; nothing else is lost"));
            of_entries(dir, &verified.entries, damage)
        }
        Err(broken) => of_entries(
            dir,
            &[],
            Some(format!("its chain is broken at line {}: {}", broken.line, broken.reason)),
        ),
    })
}

/// In words.
pub(crate) fn render(tail: &Tail) -> Vec<String> {
    let mut lines = vec![if tail.over {
        format!("the last run was over: {}", tail.dir)
    } else {
        format!("a run was in the phase `{}` at {}: {}", tail.phase, clock(tail.t_ms), tail.dir)
    }];
    for fault in &tail.faults {
        lines.push(format!(
            "fault {} ({}) was on; without a controller it ends by itself within its lease of {}",
            fault.id, fault.what, fault.lease
        ));
    }
    lines.extend(tail.damage.iter().map(|damage| format!("the journal: {damage}")));
    lines.extend(tail.lines.iter().map(|line| format!("  {line}")));
    lines
}

fn of_entries(dir: &Path, entries: &[Entry], damage: Option<String>) -> Tail {
    let phase =
        entries.iter().rfind(|entry| entry.kind == kind::PHASE).map_or("", |entry| entry.text("name"));
    let told: Vec<String> = entries
        .iter()
        .filter_map(|entry| {
            Some(format!("[{}] {}", clock(entry.t_ms), line(&entry.kind, &entry.actor, &entry.body)?.1))
        })
        .collect();
    Tail {
        dir: dir.display().to_string(),
        phase: phase.to_owned(),
        over: phase == kind::phase::DONE || entries.iter().any(|entry| entry.kind == kind::SEALED),
        t_ms: entries.last().map_or(0, |entry| entry.t_ms),
        faults: open_faults(entries),
        lines: told[told.len().saturating_sub(LINES)..].to_vec(),
        damage,
    }
}

fn open_faults(entries: &[Entry]) -> Vec<OpenFault> {
    let mut open: Vec<OpenFault> = Vec::new();
    for entry in entries {
        let id = entry.text("id");
        match entry.kind.as_str() {
            // The intent counts: the controller may have died before it heard that the bank obeyed.
            kind::FAULT_INTENT => {
                open.retain(|fault| fault.id != id);
                let spec = entry.body.get("spec").unwrap_or(&Value::Null);
                let lease = spec.get("lease").and_then(Value::as_str).unwrap_or("10s");
                open.push(OpenFault {
                    id: id.to_owned(),
                    what: describe_fault(spec),
                    lease: lease.to_owned(),
                });
            }
            kind::FAULT_CLEARED => open.retain(|fault| fault.id != id),
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use evidence::Chain;
    use serde_json::json;

    use super::*;

    fn entries() -> Vec<Entry> {
        let mut chain = Chain::new();
        let latency = json!({"effect": {"latency": {"fixed": {"value": "30s"}}}, "lease": "5s"});
        vec![
            chain.append(
                0,
                "run_started",
                "controller",
                json!({"drill": "bank-slowdown", "variant": "smoke"}),
            ),
            chain.append(8_000, "phase", "controller", json!({"name": "inject"})),
            chain.append(
                8_001,
                "fault_intent",
                "controller",
                json!({"id": "old", "target": "bank", "spec": latency, "why": "timeline"}),
            ),
            chain.append(
                8_002,
                "fault_cleared",
                "controller",
                json!({"id": "old", "reason": "its time is over"}),
            ),
            chain.append(
                9_000,
                "fault_intent",
                "controller",
                json!({"id": "slow", "target": "bank", "spec": latency, "why": "timeline"}),
            ),
        ]
    }

    #[test]
    fn a_fault_that_nobody_cleared_is_named_with_its_lease() {
        let tail = of_entries(Path::new("runs/x"), &entries(), None);
        assert_eq!((tail.phase.as_str(), tail.over, tail.t_ms), ("inject", false, 9_000));
        assert_eq!(
            tail.faults,
            [OpenFault { id: "slow".into(), what: "latency 30s".into(), lease: "5s".into() }]
        );
        let text = render(&tail).join("\n");
        assert!(
            text.contains("phase `inject` at 00:09") && text.contains("within its lease of 5s"),
            "{text}"
        );
    }

    #[test]
    fn a_journal_that_cannot_be_trusted_says_so() {
        let tail = of_entries(Path::new("runs/x"), &[], Some("its chain is broken at line 3: hash".into()));
        assert!(render(&tail).join("\n").contains("broken at line 3"));
    }
}
