//! Faults that this controller holds at the bank: written to the journal before they are applied, kept alive by
//! renewing their lease at a third of it, and ended by clearing them or by no longer renewing. A controller that dies
//! takes its faults with it: the bank ends them when the lease is over.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use evidence::kind;
use fault::FaultSpec;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::bank::BankError;
use crate::causes::chain;
use crate::lab::Lab;

/// The faults that are held.
#[derive(Debug, Default)]
pub(crate) struct FaultDesk {
    /// By name, what ends their renewal.
    held: Mutex<BTreeMap<String, CancellationToken>>,
}

/// Why a fault was not applied or cleared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FaultError {
    /// The journal could not be written, so nothing was done.
    #[error("failed to write the journal")]
    Journal(#[from] std::io::Error),
    /// The bank did not do it.
    #[error(transparent)]
    Bank(#[from] BankError),
    /// Nothing of that name is held.
    #[error("no fault `{id}`")]
    Unknown {
        /// The name.
        id: String,
    },
}

/// Who wants a fault, and why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause<'a> {
    /// As in the journal: `timeline`, `replay` or `person`.
    pub(crate) why: &'a str,
    /// As in the journal.
    pub(crate) actor: &'a str,
}

impl FaultDesk {
    fn names(&self) -> Vec<String> {
        self.locked().keys().cloned().collect()
    }

    /// Lets a fault go; whether it was held.
    fn release(&self, id: &str) -> bool {
        let held = self.locked().remove(id);
        if let Some(release) = &held {
            release.cancel();
        }
        held.is_some()
    }

    /// Holds a fault; the token ends its renewal.
    fn hold(&self, id: &str) -> CancellationToken {
        let release = CancellationToken::new();
        if let Some(before) = self.locked().insert(id.to_owned(), release.clone()) {
            before.cancel();
        }
        release
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, CancellationToken>> {
        self.held.lock().expect("no code panics while it holds the faults")
    }
}

/// Applies a fault and keeps it alive; ends it after `length` if given.
pub(crate) async fn apply(
    lab: &Arc<Lab>,
    id: &str,
    spec: &FaultSpec,
    length: Option<Duration>,
    cause: Cause<'_>,
) -> Result<(), FaultError> {
    lab.note(
        kind::FAULT_INTENT,
        cause.actor,
        json!({"id": id, "target": "bank", "spec": spec, "why": cause.why}),
    )?;
    lab.bank.apply(&lab.directory, id, spec).await?;
    let release = lab.faults.hold(id);
    lab.note(kind::FAULT_APPLIED, cause.actor, json!({"id": id}))?;
    tokio::spawn(keep(Arc::clone(lab), id.to_owned(), spec.lease.get(), length, release));
    Ok(())
}

/// Clears a fault, whether or not it is held here.
pub(crate) async fn clear(
    lab: &Lab,
    id: &str,
    reason: &str,
    actor: &str,
    abort_inflight: bool,
) -> Result<(), FaultError> {
    let held = lab.faults.release(id);
    match lab.bank.clear(&lab.directory, id, abort_inflight).await {
        Ok(cleared) if cleared || held => {}
        Ok(_) => return Err(FaultError::Unknown { id: id.to_owned() }),
        Err(error) => {
            // Not renewed any more, so it ends with its lease all the same.
            lab.note(
                kind::FAULT_CLEARED,
                actor,
                json!({"id": id, "reason": format!("{reason}; left to its lease")}),
            )?;
            return Err(error.into());
        }
    }
    lab.note(kind::FAULT_CLEARED, actor, json!({"id": id, "reason": reason}))?;
    Ok(())
}

/// Clears everything that is held, and everything else that the bank says is active. Gives what could not be cleared.
pub(crate) async fn clear_all(lab: &Lab, reason: &str, abort_inflight: bool) -> Vec<String> {
    let mut ids: Vec<String> = lab.faults.names();
    for id in active_at_bank(lab).await.unwrap_or_default() {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let mut stuck = Vec::new();
    for id in ids {
        match clear(lab, &id, reason, "controller", abort_inflight).await {
            Ok(()) | Err(FaultError::Unknown { .. }) => {}
            Err(error) => {
                tracing::error!(error = chain(&error), id, "fault is not cleared");
                stuck.push(id);
            }
        }
    }
    stuck
}

/// Names of the faults that the bank says are active.
pub(crate) async fn active_at_bank(lab: &Lab) -> Result<Vec<String>, BankError> {
    let faults = lab.bank.faults(&lab.directory).await?;
    Ok(ids(active(&faults)))
}

/// The active ones in the bank's list.
pub(crate) fn active(faults: &Value) -> &[Value] {
    let list = faults.as_array().or_else(|| faults.get("faults").and_then(Value::as_array));
    list.map_or(&[], Vec::as_slice)
}

fn ids(faults: &[Value]) -> Vec<String> {
    faults.iter().filter_map(|fault| fault.get("id")?.as_str().map(str::to_owned)).collect()
}

/// Renews the lease of a fault until it is released or its time is over.
async fn keep(
    lab: Arc<Lab>,
    id: String,
    lease: Duration,
    length: Option<Duration>,
    release: CancellationToken,
) {
    let end = length.map(|length| tokio::time::Instant::now() + length);
    loop {
        let over = async {
            match end {
                Some(end) => tokio::time::sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = release.cancelled() => return,
            () = lab.stop.cancelled() => return,
            () = over => {
                if let Err(error) = clear(&lab, &id, "its time is over", "controller", false).await {
                    tracing::error!(error = chain(&error), id, "fault is left to its lease");
                }
                return;
            }
            () = tokio::time::sleep(lease / 3) => {}
        }
        match lab.bank.renew(&lab.directory, &id).await {
            Ok(()) => {}
            Err(error) if error.is_unknown() => {
                // Not our doing: the bank was restarted, or somebody else cleared it. The journal must say so.
                if lab.faults.release(&id) {
                    lab.observe(
                        kind::FAULT_CLEARED,
                        json!({"id": id, "reason": "the bank no longer knows it"}),
                    );
                }
                return;
            }
            Err(error) => tracing::warn!(error = chain(&error), id, "lease is not renewed"),
        }
    }
}
