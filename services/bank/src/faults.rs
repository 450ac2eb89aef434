//! The faults that this bank suffers from, with what each has done and a log of
//! every change, for whoever must explain them later.
//!
//! `now` is an argument; the leases are ended by a task of [`crate::run()`], on
//! the bank's own clock, and by nobody's leave.

mod log;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fault::{Active, Change, Effect, FaultSpec, Outcome};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::course::Call;
use crate::record::{Hit, Record};
pub(crate) use log::Logged;
use log::{Log, What};

/// Faults that have ended stay listed, but not for ever.
const ENDED_KEPT: usize = 64;

#[derive(Default)]
pub(crate) struct Faults {
    state: Mutex<State>,
    changed: Notify,
}

/// What the faults in force do to one call.
#[derive(Default)]
pub(crate) struct Treatment {
    pub(crate) latency: Option<(Duration, Hit)>,
    pub(crate) outcome: Option<(Outcome, Hit)>,
}

#[derive(Default)]
struct State {
    set: fault::Faults,
    /// One for each fault in `set`.
    records: HashMap<String, Arc<Record>>,
    ended: VecDeque<Ended>,
    log: Log,
}

struct Ended {
    fault: Active,
    reason: What,
    at: Duration,
    record: Arc<Record>,
}

impl Faults {
    pub(crate) fn apply(&self, now: Duration, id: &str, spec: FaultSpec) -> Change {
        let mut state = self.state();
        state.expire(now);
        let before = state.set.get(id).cloned();
        let change = state.set.upsert(now, id, spec.clone());
        if change != Change::Renewed {
            if let Some(before) = before {
                state.end(now, before, What::Replaced);
            }
            state.records.insert(id.to_owned(), Record::new());
            state.log.add(What::Applied, id, &spec);
        }
        drop(state);
        self.changed.notify_one();
        change
    }

    /// Renews a lease; what is left of it, or `None` if no such fault is in force.
    pub(crate) fn renew(&self, now: Duration, id: &str) -> Option<Duration> {
        let mut state = self.state();
        state.expire(now);
        let expires = state.set.renew(now, id)?;
        drop(state);
        self.changed.notify_one();
        Some(expires.saturating_sub(now))
    }

    /// Ends a fault for new calls, and with `abort` for those under way too,
    /// also if it had ended before. Returns whether it was in force, and how
    /// many calls were let go.
    pub(crate) fn clear(&self, now: Duration, id: &str, abort: bool) -> (bool, u64) {
        let mut state = self.state();
        state.expire(now);
        let active = state.set.remove(id);
        let cleared = active.is_some();
        if let Some(active) = active {
            state.end(now, active, What::Cleared);
        }
        let aborted = if abort { state.abort(|ended| ended.fault.id == id) } else { 0 };
        (cleared, aborted)
    }

    /// Ends all faults; returns how many, and how many calls were let go.
    pub(crate) fn clear_all(&self, now: Duration, abort: bool) -> (usize, u64) {
        let mut state = self.state();
        state.expire(now);
        let ids: Vec<String> = state.set.list().iter().map(|active| active.id.clone()).collect();
        for id in &ids {
            if let Some(active) = state.set.remove(id) {
                state.end(now, active, What::Cleared);
            }
        }
        let aborted = if abort { state.abort(|_| true) } else { 0 };
        (ids.len(), aborted)
    }

    /// Ends the faults whose lease is over.
    pub(crate) fn expire(&self, now: Duration) {
        self.state().expire(now);
    }

    /// When the next lease ends, as of now; see [`Self::changed`].
    pub(crate) fn next_expiry(&self) -> Option<Duration> {
        self.state().set.next_expiry()
    }

    /// Ends when a lease has begun or moved since it last did.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(crate) fn treatment(&self, now: Duration, seed: u64, call: &Call) -> Treatment {
        let mut state = self.state();
        let state = &mut *state;
        if state.set.is_empty() {
            return Treatment::default();
        }
        for active in state.set.list().iter().filter(|active| active.covers(now, call.path, call.region)) {
            if let Some(record) = state.records.get(&active.id) {
                record.saw(now);
            }
        }
        let treatment = state.set.treatment(now, (call.path, call.region), seed, &call.key, call.attempt);
        let hit = |id: String| state.records.get(&id).expect("every fault in force has a record").hit();
        Treatment {
            latency: treatment.latency.map(|(id, latency)| (latency, hit(id))),
            outcome: treatment.outcome.map(|(id, outcome)| (outcome, hit(id))),
        }
    }

    /// `{faults: [...], ended: [...]}`, oldest first.
    pub(crate) fn list(&self, now: Duration) -> Value {
        let mut state = self.state();
        state.expire(now);
        let faults: Vec<Value> = state.set.list().iter().map(|active| state.describe(now, active)).collect();
        let ended: Vec<Value> = state.ended.iter().map(|ended| ended.describe(now)).collect();
        json!({"faults": faults, "ended": ended})
    }

    pub(crate) fn get(&self, now: Duration, id: &str) -> Option<Value> {
        let mut state = self.state();
        state.expire(now);
        match state.set.get(id) {
            Some(active) => Some(state.describe(now, active)),
            None => {
                state.ended.iter().rev().find(|ended| ended.fault.id == id).map(|ended| ended.describe(now))
            }
        }
    }

    pub(crate) fn log(&self) -> Vec<Logged> {
        self.state().log.lines()
    }

    pub(crate) fn reset_stats(&self) {
        let state = self.state();
        state.records.values().for_each(|record| record.reset());
        state.ended.iter().for_each(|ended| ended.record.reset());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while the faults are held")
    }
}

impl State {
    fn end(&mut self, now: Duration, fault: Active, reason: What) {
        let record = self.records.remove(&fault.id).expect("every fault in force has a record");
        self.log.add(reason, &fault.id, &fault.spec);
        if self.ended.len() == ENDED_KEPT {
            self.ended.pop_front();
        }
        self.ended.push_back(Ended { fault, reason, at: now, record });
    }

    fn expire(&mut self, now: Duration) {
        for fault in self.set.expire(now) {
            // Nobody is left to let these calls go, and they would outlive the lease.
            if matches!(fault.spec.effect, Effect::Hang(_))
                && let Some(record) = self.records.get(&fault.id)
            {
                record.abort();
            }
            self.end(now, fault, What::Expired);
        }
    }

    fn abort(&self, which: impl Fn(&Ended) -> bool) -> u64 {
        self.ended.iter().filter(|ended| which(ended)).map(|ended| ended.record.abort()).sum()
    }

    fn describe(&self, now: Duration, active: &Active) -> Value {
        let record = self.records.get(&active.id).expect("every fault in force has a record");
        let mut described = json!({
            "id": active.id,
            "spec": active.spec,
            "applied_for_ms": millis(now.saturating_sub(active.applied)),
            "lease_left_ms": millis(active.lease.left(now)),
            "median_ms": fault::median(&active.spec, now.saturating_sub(active.applied)).map(millis),
        });
        extend(&mut described, record.summary(&active.spec));
        described
    }
}

impl Ended {
    fn describe(&self, now: Duration) -> Value {
        let mut described = json!({
            "id": self.fault.id,
            "spec": self.fault.spec,
            "reason": self.reason,
            "applied_for_ms": millis(self.at.saturating_sub(self.fault.applied)),
            "ended_ago_ms": millis(now.saturating_sub(self.at)),
        });
        extend(&mut described, self.record.summary(&self.fault.spec));
        described
    }
}

fn extend(object: &mut Value, with: Value) {
    if let (Value::Object(object), Value::Object(with)) = (object, with) {
        object.extend(with);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
