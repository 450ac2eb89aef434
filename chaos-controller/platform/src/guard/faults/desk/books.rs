//! The books: faults in force, faults that have ended, and every change, in order.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fault::{FaultSpec, Lease};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;

use crate::guard::faults::ground::Kept;
use crate::guard::faults::tally::Tally;

/// Faults that have ended stay listed, but not for ever.
const ENDED_KEPT: usize = 64;

#[derive(Default)]
pub(super) struct Books {
    pub(super) active: BTreeMap<String, Active>,
    pub(super) ended: VecDeque<Ended>,
    log: Vec<Logged>,
}

/// A fault in force.
pub(super) struct Active {
    pub(super) target: String,
    pub(super) spec: FaultSpec,
    pub(super) instances: Vec<String>,
    /// What undoes it.
    pub(super) undo: Value,
    pub(super) applied: Duration,
    pub(super) lease: Lease,
    pub(super) task: JoinHandle<()>,
    pub(super) tally: Tally,
}

pub(super) struct Ended {
    pub(super) id: String,
    pub(super) fault: Active,
    pub(super) reason: What,
    pub(super) at: Duration,
}

/// One change.
#[derive(Clone, Debug, Serialize)]
pub(in crate::guard::faults) struct Logged {
    /// Counts from 1, without gaps.
    seq: usize,
    at_unix_ms: u64,
    pub(super) change: What,
    id: String,
    target: String,
    spec: FaultSpec,
}

/// What became of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::guard::faults) enum What {
    Applied,
    Renewed,
    /// Ended, because another one took its id.
    Replaced,
    Cleared,
    /// Its lease ended before anybody renewed it.
    Expired,
}

impl Books {
    pub(super) fn changes(&self) -> Vec<Logged> {
        self.log.clone()
    }

    pub(super) fn log(&mut self, change: What, id: &str, target: &str, spec: &FaultSpec) {
        self.log.push(Logged {
            seq: self.log.len() + 1,
            at_unix_ms: unix_ms(),
            change,
            id: id.to_owned(),
            target: target.to_owned(),
            spec: spec.clone(),
        });
    }

    pub(super) fn end(&mut self, ended: Ended) {
        self.log(ended.reason, &ended.id, &ended.fault.target, &ended.fault.spec);
        if self.ended.len() == ENDED_KEPT {
            self.ended.pop_front();
        }
        self.ended.push_back(ended);
    }

    /// `{faults: [...], ended: [...]}`.
    pub(super) fn list(&self, now: Duration) -> Value {
        let faults: Vec<Value> =
            self.active.iter().map(|(id, active)| active.describe(id, now, None)).collect();
        let describe = |ended: &Ended| ended.fault.describe(&ended.id, ended.at, Some((ended.reason, now)));
        json!({"faults": faults, "ended": self.ended.iter().map(describe).collect::<Vec<Value>>()})
    }
}

impl Active {
    /// As it is kept for the next guard, at a moment of the desk's clock.
    pub(super) fn kept(&self, id: &str, now: Duration) -> Kept {
        Kept {
            id: id.to_owned(),
            target: self.target.clone(),
            spec: self.spec.clone(),
            instances: self.instances.clone(),
            undo: self.undo.clone(),
            deadline_unix_ms: unix_ms() + millis(self.lease.left(now)),
        }
    }

    /// As of `at`; with why it ended and the present, if it has.
    fn describe(&self, id: &str, at: Duration, ended: Option<(What, Duration)>) -> Value {
        let mut described = Map::new();
        described.insert("id".to_owned(), json!(id));
        described.insert("target".to_owned(), json!(self.target));
        described.insert("spec".to_owned(), json!(self.spec));
        described.insert("applied_for_ms".to_owned(), json!(millis(at.saturating_sub(self.applied))));
        match ended {
            None => described.insert("lease_left_ms".to_owned(), json!(millis(self.lease.left(at)))),
            Some((reason, now)) => {
                described.insert("reason".to_owned(), json!(reason));
                described.insert("ended_ago_ms".to_owned(), json!(millis(now.saturating_sub(at))))
            }
        };
        described.extend(self.tally.summary());
        Value::Object(described)
    }
}

/// Wall clock: what the log is annotated with, and what two guards share.
pub(super) fn unix_ms() -> u64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
