//! The faults in force: applied, renewed, ended by their lease or by whoever asks, and what has
//! become of each. The bank keeps the same books for its own (`services/bank/src/faults.rs`).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fault::{FaultSpec, Lease, Place};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::act::{act, impossible};
use super::residue;
use super::site::{Report, Site};
use crate::guard::fleet::Fleet;

/// Faults that have ended stay listed, but not for ever.
const ENDED_KEPT: usize = 64;
/// The generator measures; a fault of its own would void everything.
const NOT_FOR_FAULTS: &str = "traffic";

/// The books, and whom they are about.
pub(crate) struct Desk {
    fleet: Arc<Fleet>,
    start: Instant,
    state: Mutex<State>,
    /// Held from the decision to the beginning: a second one of the same id in between would begin as well, and the
    /// task of the first be lost with its lease.
    beginning: tokio::sync::Mutex<()>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    active: BTreeMap<String, Active>,
    ended: VecDeque<Ended>,
    log: Vec<Logged>,
}

struct Active {
    target: String,
    spec: FaultSpec,
    applied: Duration,
    lease: Lease,
    task: JoinHandle<()>,
    report: Arc<Mutex<Report>>,
}

struct Ended {
    id: String,
    fault: Active,
    reason: What,
    at: Duration,
}

/// One change.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Logged {
    /// Counts from 1, without gaps.
    seq: usize,
    at_unix_ms: u64,
    change: What,
    id: String,
    target: String,
    spec: FaultSpec,
}

/// What became of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    Applied,
    Renewed,
    /// Ended, because another one took its id.
    Replaced,
    Cleared,
    /// Its lease ended before anybody renewed it.
    Expired,
}

/// Why a fault is not applied.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("{0}")]
    Id(String),
    #[error("no process or service `{target}` that can have a fault; there are {known}")]
    Target { target: String, known: String },
    #[error("effect.{0} is of the bank's calls, and the guard has processes: allowed are {list}", list = fault::PROCESS_EFFECTS.join(", "))]
    Effect(&'static str),
    #[error("not on this machine: {0}")]
    Impossible(String),
}

impl Desk {
    pub(crate) fn new(fleet: Arc<Fleet>) -> Arc<Self> {
        Arc::new(Self {
            fleet,
            start: Instant::now(),
            state: Mutex::default(),
            beginning: tokio::sync::Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Applies a fault; the same again renews its lease, another one under the id replaces it.
    pub(super) async fn apply(&self, id: &str, target: &str, spec: FaultSpec) -> Result<What, Refused> {
        let instances = self.place(id, target, &spec)?;
        self.change(id, target, instances, spec).await
    }

    async fn change(
        &self,
        id: &str,
        target: &str,
        instances: Vec<String>,
        spec: FaultSpec,
    ) -> Result<What, Refused> {
        let _beginning = self.beginning.lock().await;
        let change = {
            let mut state = self.state();
            match state.active.get_mut(id) {
                Some(active) if active.target == target && active.spec == spec => {
                    active.lease.renew(self.now(), spec.lease.get());
                    What::Renewed
                }
                Some(_) => What::Replaced,
                None => What::Applied,
            }
        };
        // What is in force already has what it needs of the machine.
        if change != What::Renewed
            && let Some(why) = impossible(&spec.effect, instances.len())
        {
            return Err(Refused::Impossible(why));
        }
        if change == What::Replaced {
            self.end(id, What::Replaced).await;
        }
        if change != What::Renewed {
            self.begin(id, target, instances, spec);
        }
        self.changed.notify_one();
        Ok(change)
    }

    /// Renews a lease; what is left of it, or `None` if no such fault is in force.
    pub(super) fn renew(&self, id: &str) -> Option<Duration> {
        let now = self.now();
        let mut state = self.state();
        let active = state.active.get_mut(id).filter(|active| !active.lease.is_over(now))?;
        active.lease.renew(now, active.spec.lease.get());
        let left = active.lease.left(now);
        drop(state);
        self.changed.notify_one();
        Some(left)
    }

    /// Ends a fault and undoes what it did; false if it was not in force, which is no error.
    pub(super) async fn clear(&self, id: &str) -> bool {
        self.end(id, What::Cleared).await
    }

    /// Ends all of them; gives how many there were.
    pub(crate) async fn clear_all(&self) -> usize {
        let ids: Vec<String> = self.state().active.keys().cloned().collect();
        let mut cleared = 0;
        for id in ids {
            cleared += usize::from(self.clear(&id).await);
        }
        cleared
    }

    /// Ends faults when their leases do, whoever has died meanwhile.
    pub(crate) async fn end_leases(self: Arc<Self>) {
        loop {
            let next = self.state().active.iter().map(|(id, of)| (of.lease.expires(), id.clone())).min();
            let over = async {
                match &next {
                    Some((expires, _)) => tokio::time::sleep_until((self.start + *expires).into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = over => if let Some((_, id)) = next.filter(|(_, id)| self.is_over(id)) {
                    self.end(&id, What::Expired).await;
                },
                () = self.changed.notified() => {}
            }
        }
    }

    /// `{faults: [...], ended: [...]}`.
    pub(super) fn list(&self) -> Value {
        let now = self.now();
        let state = self.state();
        let faults: Vec<Value> =
            state.active.iter().map(|(id, active)| active.describe(id, now, None)).collect();
        let ended: Vec<Value> = state
            .ended
            .iter()
            .map(|ended| ended.fault.describe(&ended.id, ended.at, Some((ended.reason, now))))
            .collect();
        json!({"faults": faults, "ended": ended})
    }

    pub(super) fn log(&self) -> Vec<Logged> {
        self.state().log.clone()
    }

    pub(super) fn residue(&self) -> Vec<String> {
        residue::residue(&self.fleet)
    }

    fn place(&self, id: &str, target: &str, spec: &FaultSpec) -> Result<Vec<String>, Refused> {
        if let Some(why) = fault::wrong_id(id) {
            return Err(Refused::Id(why));
        }
        if spec.effect.place() != Place::Process {
            return Err(Refused::Effect(spec.effect.name()));
        }
        let instances = self.fleet.pick(&[target.to_owned()]).unwrap_or_default();
        let ours = |instance: &String| !instance.starts_with(NOT_FOR_FAULTS);
        if instances.is_empty() || !instances.iter().all(ours) {
            let states = self.fleet.states(false);
            let known: Vec<&str> = states
                .iter()
                .filter(|state| !["guard", NOT_FOR_FAULTS].contains(&state.service.as_str()))
                .map(|state| state.instance.as_str())
                .collect();
            return Err(Refused::Target { target: target.to_owned(), known: known.join(", ") });
        }
        Ok(instances)
    }

    fn begin(&self, id: &str, target: &str, instances: Vec<String>, spec: FaultSpec) {
        let report = Arc::new(Mutex::new(Report::default()));
        let site = Site::new(Arc::clone(&self.fleet), instances, Arc::clone(&report));
        let effect = spec.effect.clone();
        let task = tokio::spawn(async move {
            act(&effect, site).await;
        });
        let now = self.now();
        let lease = Lease::starting(now, spec.lease.get());
        let mut state = self.state();
        state.log(What::Applied, id, target, &spec);
        let active = Active { target: target.to_owned(), spec, applied: now, lease, task, report };
        state.active.insert(id.to_owned(), active);
    }

    async fn end(&self, id: &str, reason: What) -> bool {
        let Some(mut fault) = self.state().active.remove(id) else { return false };
        fault.task.abort();
        // Aborted at its next wait; what it held has been dropped, and so undone, when this returns.
        let _ = (&mut fault.task).await;
        let at = self.now();
        let mut state = self.state();
        state.log(reason, id, &fault.target, &fault.spec);
        if state.ended.len() == ENDED_KEPT {
            state.ended.pop_front();
        }
        state.ended.push_back(Ended { id: id.to_owned(), fault, reason, at });
        true
    }

    fn is_over(&self, id: &str) -> bool {
        let now = self.now();
        self.state().active.get(id).is_some_and(|active| active.lease.is_over(now))
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn log(&mut self, change: What, id: &str, target: &str, spec: &FaultSpec) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        self.log.push(Logged {
            seq: self.log.len() + 1,
            at_unix_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            change,
            id: id.to_owned(),
            target: target.to_owned(),
            spec: spec.clone(),
        });
    }
}

impl Active {
    /// As of `at`; with why it ended and the present, if it has.
    fn describe(&self, id: &str, at: Duration, ended: Option<(What, Duration)>) -> Value {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
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
        described.extend(self.report.lock().unwrap_or_else(PoisonError::into_inner).summary());
        Value::Object(described)
    }
}

#[cfg(test)]
mod tests;
