//! Every change of the bank's faults, kept for reconciliation with the journal
//! of whoever says to have made them. A renewal changes nothing and is no line.
//!
//! Kept in memory for the operator alone: a line in the process's own log would tell everybody
//! who may read logs.

use fault::FaultSpec;
use serde::Serialize;

use crate::ledger::unix_ms;

#[derive(Default)]
pub(super) struct Log {
    lines: Vec<Logged>,
}

/// One change.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Logged {
    /// Counts from 1, without gaps.
    pub(crate) seq: usize,
    pub(crate) at_unix_ms: u64,
    /// This process's monotonic clock; the controller's once it is read out.
    pub(crate) at_us: u64,
    pub(crate) change: What,
    pub(crate) id: String,
    pub(crate) spec: FaultSpec,
}

/// What became of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    Applied,
    /// Ended, because another one took its id.
    Replaced,
    Cleared,
    /// Its lease ended before anybody renewed it.
    Expired,
}

impl Log {
    pub(super) fn add(&mut self, change: What, id: &str, spec: &FaultSpec) {
        let line = Logged {
            seq: self.lines.len() + 1,
            at_unix_ms: unix_ms(),
            at_us: process::monotonic_us(),
            change,
            id: id.to_owned(),
            spec: spec.clone(),
        };
        self.lines.push(line);
    }

    pub(super) fn lines(&self) -> Vec<Logged> {
        self.lines.clone()
    }
}
