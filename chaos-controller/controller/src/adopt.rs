//! What is left of a run whose controller was killed: its faults have ended with their leases, its journal is whole up
//! to its last line. The new controller says so in it, closes the books and gives the verdict that is left: interrupted.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use drill::Plan;
use evidence::{Entry, kind};
use serde_json::json;

use crate::book::Book;
use crate::lab::Lab;
use crate::run::{Ended, Run, close};

/// Closes the run that the lab's file tells of. False if there is none to close.
pub(crate) async fn finish_interrupted_run(lab: &Arc<Lab>) -> bool {
    let Some(dir) = lab.run_dir().map(PathBuf::from) else { return false };
    match reopen(&dir) {
        Ok(Some((run, entries))) => {
            let run = Arc::new(run);
            if !lab.begin_run(&run) {
                return false;
            }
            tracing::warn!(run = run.book.name, "a run was interrupted by the end of its controller");
            for entry in &entries {
                lab.open_book.hear(&entry.kind, &entry.body, Some(&run.book.name));
            }
            for id in still_open(&entries) {
                let reason = "the controller was gone; the lease ended it, or this does";
                lab.observe(kind::FAULT_CLEARED, json!({"id": id, "reason": reason}));
            }
            close::close(lab, &run, Err(Ended::ControllerKilled), &BTreeMap::new()).await;
            return true;
        }
        Ok(None) => lab.remember_run_dir(None),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), dir = %dir.display(), "the interrupted run cannot be closed");
            lab.remember_run_dir(None);
        }
    }
    false
}

/// The run of a folder, unless it was sealed already.
fn reopen(dir: &std::path::Path) -> anyhow::Result<Option<(Run, Vec<Entry>)>> {
    let plan: Plan = serde_json::from_slice(&std::fs::read(dir.join("plan.yaml"))?)?;
    let (book, entries) = Book::reopen(dir)?;
    if entries.last().is_some_and(|entry| entry.kind == kind::SEALED) {
        return Ok(None);
    }
    let run = Run::new(plan, Arc::new(book));
    run.remember_services(entries.first());
    Ok(Some((run, entries)))
}

/// Faults that the journal applied and never cleared.
fn still_open(entries: &[Entry]) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for entry in entries {
        let id = entry.text("id");
        match entry.kind.as_str() {
            kind::FAULT_INTENT if !open.iter().any(|known| known == id) => open.push(id.to_owned()),
            kind::FAULT_CLEARED => open.retain(|known| known != id),
            _ => {}
        }
    }
    open
}
