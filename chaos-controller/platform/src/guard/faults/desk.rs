//! The faults in force: applied, renewed, ended by their lease or by whoever asks, and what has
//! become of each. The bank keeps the same books for its own (`services/bank/src/faults.rs`).
//!
//! What can fail (an engine that does not answer) is tried again until it is done: a fault whose undoing failed stays
//! in the books, its lease over. What is done to one fault is done in turns, so that the end of one can neither be
//! overtaken nor undone by the beginning, or a renewal, of the next under its id. Whoever asks may go away in the middle:
//! the answer is theirs, the deed is not (`serve.rs` gives each a task of its own).

mod books;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fault::{FaultSpec, Lease, Place};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::ground::{Acting, Failed, Ground, Kept};
use super::tally::Tally;
use books::{Active, Books, Ended, Logged, unix_ms};

pub(super) use books::What;

/// The generator measures; a fault of its own would void everything.
const NOT_FOR_FAULTS: &str = "traffic";
/// The slowest are stops with their grace, and partitions that have to be found to work.
const BEGINS_WITHIN: Duration = Duration::from_secs(30);
/// After an end that failed.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// The books, and where their faults act.
pub(crate) struct Desk {
    ground: Arc<dyn Ground>,
    start: Instant,
    state: Mutex<Books>,
    /// By id: held by whoever begins, renews or ends it.
    turns: Mutex<BTreeMap<String, Turn>>,
    changed: Notify,
}

type Turn = Arc<tokio::sync::Mutex<()>>;

/// Why a fault is not applied, or not ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("{0}")]
    Id(String),
    #[error("no process or service `{target}` that can have a fault; there are {known}")]
    Target { target: String, known: String },
    #[error("effect.{0} is of the bank's calls, and the guard has processes: allowed are {list}", list = fault::PROCESS_EFFECTS.join(", "))]
    Effect(&'static str),
    #[error("not here: {0}")]
    Impossible(String),
    #[error("not done: {0}")]
    Failed(#[from] Failed),
}

impl Desk {
    pub(crate) fn new(ground: Arc<dyn Ground>) -> Arc<Self> {
        Arc::new(Self {
            ground,
            start: Instant::now(),
            state: Mutex::default(),
            turns: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Takes over the leases of the guard before this one. They are ended when they are over, as if it had lived;
    /// until then the fault stands as it was left.
    pub(crate) async fn resume(&self) -> Result<usize, Failed> {
        let kept = self.ground.kept().await?;
        let count = kept.len();
        for Kept { id, target, spec, instances, undo, deadline_unix_ms } in kept {
            let now = self.now();
            let left = Duration::from_millis(deadline_unix_ms.saturating_sub(unix_ms()));
            let active = Active {
                lease: Lease::starting(now, left),
                applied: now,
                task: idle(),
                tally: Tally::default(),
                target,
                spec,
                instances,
                undo,
            };
            let mut state = self.state();
            state.log(What::Applied, &id, &active.target, &active.spec);
            state.active.insert(id, active);
        }
        Ok(count)
    }

    /// Applies a fault; the same again renews its lease, another one under the id replaces it.
    pub(super) async fn apply(&self, id: &str, target: &str, spec: FaultSpec) -> Result<What, Refused> {
        let instances = self.place(id, target, &spec).await?;
        self.change(id, target, instances, spec).await
    }

    async fn change(
        &self,
        id: &str,
        target: &str,
        instances: Vec<String>,
        spec: FaultSpec,
    ) -> Result<What, Refused> {
        let turn = self.turn(id);
        let _held = turn.lock().await;
        let change = match self.state().active.get(id) {
            Some(active) if active.target == target && active.spec == spec => What::Renewed,
            Some(_) => What::Replaced,
            None => What::Applied,
        };
        if change == What::Renewed && self.prolong(id).await.is_some() {
            return Ok(change);
        }
        // What is in force already has what it needs of the machine.
        if let Some(why) = self.ground.impossible(&spec.effect, &instances).await {
            return Err(Refused::Impossible(why));
        }
        if change != What::Applied {
            self.finish(id, What::Replaced).await?;
        }
        self.begin(id, target, instances, spec).await?;
        self.changed.notify_one();
        Ok(change)
    }

    /// Renews a lease; what is left of it, or `None` if no such fault is in force.
    pub(super) async fn renew(&self, id: &str) -> Option<Duration> {
        let turn = self.turn(id);
        let _held = turn.lock().await;
        self.prolong(id).await
    }

    /// [`Self::renew`], by whoever has the turn.
    async fn prolong(&self, id: &str) -> Option<Duration> {
        let now = self.now();
        let (kept, left) = {
            let mut state = self.state();
            let active = state.active.get_mut(id).filter(|active| !active.lease.is_over(now))?;
            active.lease.renew(now, active.spec.lease.get());
            (active.kept(id, now), active.lease.left(now))
        };
        self.changed.notify_one();
        if let Err(error) = self.ground.keep(&kept).await {
            // The one that was kept before ends sooner, which is the safe side.
            tracing::warn!(%error, id, "a renewed lease is not kept");
        }
        Some(left)
    }

    /// Ends a fault and undoes what it did; false if it was not in force, which is no error.
    pub(super) async fn clear(&self, id: &str) -> Result<bool, Refused> {
        let turn = self.turn(id);
        let _held = turn.lock().await;
        Ok(self.finish(id, What::Cleared).await?)
    }

    /// Ends all of them, also those that are just beginning or ending; gives how many there were, of which those that
    /// could not be undone stay.
    pub(crate) async fn clear_all(&self) -> usize {
        let mut ids: BTreeSet<String> = self.turns().keys().cloned().collect();
        ids.extend(self.state().active.keys().cloned());
        let mut cleared = 0;
        for id in ids {
            match self.clear(&id).await {
                Ok(ended) => cleared += usize::from(ended),
                Err(error) => tracing::error!(%error, id, "a fault is not undone"),
            }
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
                () = over => if let Some((_, id)) = next {
                    // A task of its own: whoever ends this loop does not end it half-way.
                    let expiring = tokio::spawn(Arc::clone(&self).expire(id));
                    if !expiring.await.unwrap_or(true) {
                        tokio::time::sleep(TRY_AGAIN).await;
                    }
                },
                () = self.changed.notified() => {}
            }
        }
    }

    /// Ends a fault whose lease is over, unless somebody renews it first. False if that failed.
    async fn expire(self: Arc<Self>, id: String) -> bool {
        let turn = self.turn(&id);
        let _held = turn.lock().await;
        if !self.is_over(&id) {
            return true;
        }
        let ended = self.finish(&id, What::Expired).await;
        if let Err(error) = &ended {
            tracing::error!(%error, id, "a fault whose lease is over is not undone; tried again");
        }
        ended.is_ok()
    }

    /// `{faults: [...], ended: [...]}`.
    pub(super) fn list(&self) -> Value {
        let now = self.now();
        self.state().list(now)
    }

    pub(super) fn log(&self) -> Vec<Logged> {
        self.state().changes()
    }

    pub(super) async fn residue(&self) -> Vec<String> {
        self.ground.residue().await
    }

    async fn place(&self, id: &str, target: &str, spec: &FaultSpec) -> Result<Vec<String>, Refused> {
        if let Some(why) = fault::wrong_id(id) {
            return Err(Refused::Id(why));
        }
        if spec.effect.place() != Place::Process {
            return Err(Refused::Effect(spec.effect.name()));
        }
        let ours = |instance: &str| !instance.starts_with(NOT_FOR_FAULTS);
        let known = match self.ground.pick(target).await {
            Ok(instances) if !instances.is_empty() && instances.iter().all(|name| ours(name)) => {
                return Ok(instances);
            }
            Err(unknown) => unknown.known,
            // They are there, and may not be hit; nobody's name is answered with those who are there.
            Ok(_) => self.ground.pick("").await.err().map(|unknown| unknown.known).unwrap_or_default(),
        };
        let known: Vec<&str> = known.split(", ").filter(|name| ours(name)).collect();
        Err(Refused::Target { target: target.to_owned(), known: known.join(", ") })
    }

    async fn begin(
        &self,
        id: &str,
        target: &str,
        instances: Vec<String>,
        spec: FaultSpec,
    ) -> Result<(), Failed> {
        let undo = self.ground.prepare(&spec.effect, &instances).await?;
        let now = self.now();
        let tally = Tally::default();
        let mut active = Active {
            target: target.to_owned(),
            applied: now,
            lease: Lease::starting(now, spec.lease.get()),
            task: idle(),
            tally: tally.clone(),
            instances: instances.clone(),
            undo: undo.clone(),
            spec,
        };
        self.ground.keep(&active.kept(id, now)).await?;
        let acting =
            Acting { effect: active.spec.effect.clone(), instances, applied: Instant::now(), undo, tally };
        let begun = tokio::time::timeout(BEGINS_WITHIN, self.ground.begin(acting)).await;
        let begun =
            begun.unwrap_or_else(|_| Err(Failed(format!("it did not begin within {BEGINS_WITHIN:?}"))));
        // A slow beginning is not taken from the time that the fault has.
        let now = self.now();
        active.lease = Lease::starting(now, active.spec.lease.get());
        match begun {
            Ok(acts) => {
                active.task = tokio::spawn(acts);
                let mut state = self.state();
                state.log(What::Applied, id, target, &active.spec);
                state.active.insert(id.to_owned(), active);
            }
            Err(failed) => {
                // Half of it may have been done. What cannot be undone now is in force, its lease over.
                if let Err(stuck) = self.undo(&active.kept(id, now)).await {
                    tracing::error!(%stuck, id, "a fault that did not begin is not undone; tried again");
                    active.lease = Lease::starting(now, Duration::ZERO);
                    let mut state = self.state();
                    state.log(What::Applied, id, target, &active.spec);
                    state.active.insert(id.to_owned(), active);
                    self.changed.notify_one();
                }
                return Err(failed);
            }
        }
        self.prolong(id).await;
        Ok(())
    }

    /// Ends a fault, by whoever has its turn; false if it was not in force. One that could not be undone stays in force,
    /// its lease over.
    async fn finish(&self, id: &str, reason: What) -> Result<bool, Failed> {
        let Some(mut fault) = self.state().active.remove(id) else { return Ok(false) };
        fault.task.abort();
        // Aborted at its next wait; what it held has been dropped, and so undone, when this returns.
        let _ = (&mut fault.task).await;
        if let Err(failed) = self.undo(&fault.kept(id, self.now())).await {
            fault.lease = Lease::starting(self.now(), Duration::ZERO);
            fault.task = idle();
            self.state().active.insert(id.to_owned(), fault);
            self.changed.notify_one();
            return Err(failed);
        }
        let at = self.now();
        self.state().end(Ended { id: id.to_owned(), fault, reason, at });
        Ok(true)
    }

    async fn undo(&self, kept: &Kept) -> Result<(), Failed> {
        self.ground.undo(kept).await?;
        self.ground.forget(kept).await
    }

    /// The turn of an id. There are as many as ids were ever used, which is few.
    fn turn(&self, id: &str) -> Turn {
        Arc::clone(self.turns().entry(id.to_owned()).or_default())
    }

    fn turns(&self) -> MutexGuard<'_, BTreeMap<String, Turn>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self, id: &str) -> bool {
        let now = self.now();
        self.state().active.get(id).is_some_and(|active| active.lease.is_over(now))
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, Books> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task of a fault that strikes no more, or not yet.
fn idle() -> JoinHandle<()> {
    tokio::spawn(std::future::pending())
}

#[cfg(test)]
mod tests;
