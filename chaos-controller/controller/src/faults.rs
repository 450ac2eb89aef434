//! Faults that this controller holds at the bank and at the guard: written to the journal before they are applied, kept
//! alive by renewing their lease at a third of it, and ended by clearing them or by no longer renewing. A controller
//! that dies takes its faults with it: they end where they act when the lease is over.

pub(crate) mod place;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use evidence::kind;
use fault::{Effect, FaultSpec, Kill};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::causes::chain;
use crate::lab::Lab;
use place::{Place, PlaceError};

/// The faults that are held.
#[derive(Debug, Default)]
pub(crate) struct FaultDesk {
    held: Mutex<BTreeMap<String, Held>>,
}

/// A fault that is held.
#[derive(Debug)]
struct Held {
    place: Place,
    /// Ends its renewal.
    release: CancellationToken,
}

/// A kill is done when it is done; one by hand stays listed for so long.
const ONCE: Duration = Duration::from_secs(3);

/// Why a fault was not applied or cleared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FaultError {
    /// The journal could not be written, so nothing was done.
    #[error("failed to write the journal")]
    Journal(#[from] std::io::Error),
    /// It was not done where it acts.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// One of that name is held elsewhere.
    #[error("a fault `{id}` is in force at the {place} already: clear it first, or give this one another id")]
    Taken {
        /// The name.
        id: String,
        /// Where.
        place: Place,
    },
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
    /// All that are held, those of the guard first.
    fn names(&self) -> Vec<String> {
        let held = self.locked();
        let mut names: Vec<(Place, String)> =
            held.iter().map(|(id, held)| (held.place, id.clone())).collect();
        names.sort();
        names.into_iter().map(|(_, id)| id).collect()
    }

    /// Lets a fault go; where it was held, if it was.
    fn release(&self, id: &str) -> Option<Place> {
        let held = self.locked().remove(id)?;
        held.release.cancel();
        Some(held.place)
    }

    /// Whether a fault of that name can be held at a place.
    fn free(&self, id: &str, place: Place) -> Result<(), FaultError> {
        free(&self.locked(), id, place)
    }

    /// Holds a fault; the token ends its renewal.
    fn hold(&self, id: &str, place: Place) -> Result<CancellationToken, FaultError> {
        let release = CancellationToken::new();
        let mut all = self.locked();
        free(&all, id, place)?;
        if let Some(before) = all.insert(id.to_owned(), Held { place, release: release.clone() }) {
            before.release.cancel();
        }
        Ok(release)
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.held.lock().expect("no code panics while it holds the faults")
    }
}

/// One that is held at another place would be let go by this one's name, and go on there.
fn free(all: &BTreeMap<String, Held>, id: &str, place: Place) -> Result<(), FaultError> {
    match all.get(id) {
        Some(held) if held.place != place => Err(FaultError::Taken { id: id.to_owned(), place: held.place }),
        _ => Ok(()),
    }
}

/// What was done by hand and is done once is over by itself. In a run it is the timeline that says when: an outage goes
/// on after its kill.
fn lasts(effect: &Effect, length: Option<Duration>, cause: Cause<'_>) -> Option<Duration> {
    let once = matches!(effect, Effect::Kill(Kill { every: None })) && cause.why == "person";
    length.or(once.then_some(ONCE))
}

/// Applies a fault and keeps it alive; ends it after `length` if given.
pub(crate) async fn apply(
    lab: &Arc<Lab>,
    id: &str,
    target: &str,
    spec: &FaultSpec,
    length: Option<Duration>,
    cause: Cause<'_>,
) -> Result<(), FaultError> {
    let place = Place::of(&spec.effect);
    let length = lasts(&spec.effect, length, cause);
    lab.faults.free(id, place)?;
    lab.note(
        kind::FAULT_INTENT,
        cause.actor,
        json!({"id": id, "target": target, "spec": spec, "why": cause.why}),
    )?;
    place.apply(lab, id, target, spec).await?;
    let release = match lab.faults.hold(id, place) {
        Ok(release) => release,
        Err(taken) => {
            // Somebody was faster, elsewhere: two of one name could not be told apart.
            place.clear(lab, id, false).await?;
            lab.note(kind::FAULT_CLEARED, cause.actor, json!({"id": id, "reason": taken.to_string()}))?;
            return Err(taken);
        }
    };
    lab.note(kind::FAULT_APPLIED, cause.actor, json!({"id": id}))?;
    tokio::spawn(keep(Arc::clone(lab), place, id.to_owned(), spec.lease.get(), length, release));
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
    match clear_at(lab, held, id, abort_inflight).await {
        Ok(cleared) if cleared || held.is_some() => {}
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

/// Clears it where it is held; one that is not, wherever it is. Says whether it was in force.
async fn clear_at(
    lab: &Lab,
    held: Option<Place>,
    id: &str,
    abort_inflight: bool,
) -> Result<bool, PlaceError> {
    if let Some(place) = held {
        return place.clear(lab, id, abort_inflight).await;
    }
    let mut cleared = false;
    for place in Place::ALL {
        cleared |= place.clear(lab, id, abort_inflight).await?;
    }
    Ok(cleared)
}

/// Clears everything that is held, and everything else that is active anywhere. Gives what could not be cleared.
pub(crate) async fn clear_all(lab: &Lab, reason: &str, abort_inflight: bool) -> Vec<String> {
    let mut stuck = Vec::new();
    let mut ids: Vec<String> = lab.faults.names();
    for place in Place::ALL {
        // Those of the guard are gone by the time that the bank is asked: it may have been frozen.
        if place == Place::Bank {
            clear_each(lab, std::mem::take(&mut ids), reason, abort_inflight, &mut stuck).await;
        }
        for fault in place.list(lab).await.as_ref().map(active).unwrap_or_default() {
            ids.extend(
                fault["id"].as_str().filter(|id| !stuck.iter().any(|known| known == id)).map(str::to_owned),
            );
        }
    }
    clear_each(lab, ids, reason, abort_inflight, &mut stuck).await;
    stuck
}

async fn clear_each(
    lab: &Lab,
    ids: Vec<String>,
    reason: &str,
    abort_inflight: bool,
    stuck: &mut Vec<String>,
) {
    for id in ids {
        match clear(lab, &id, reason, "controller", abort_inflight).await {
            Ok(()) | Err(FaultError::Unknown { .. }) => {}
            Err(error) => {
                tracing::error!(error = chain(&error), id, "fault is not cleared");
                stuck.push(id);
            }
        }
    }
}

/// Names of the faults that are active, at the bank or at the guard.
pub(crate) async fn active_ids(lab: &Lab) -> Result<Vec<String>, PlaceError> {
    let mut ids = Vec::new();
    for place in Place::ALL {
        let list = place.list(lab).await?;
        ids.extend(active(&list).iter().filter_map(|fault| fault.get("id")?.as_str().map(str::to_owned)));
    }
    Ok(ids)
}

/// `{faults: [..], ended: [..], silent: [..]}` of all places; `silent` says which of them do not answer.
pub(crate) async fn list(lab: &Lab) -> Value {
    let (mut faults, mut ended, mut silent) = (Vec::new(), Vec::new(), Vec::new());
    for place in Place::ALL {
        match place.list(lab).await {
            Ok(mut list) => {
                let mut take =
                    |which: &str| list[which].as_array_mut().map(std::mem::take).unwrap_or_default();
                faults.append(&mut take("faults"));
                ended.append(&mut take("ended"));
            }
            Err(error) => silent.push(chain(&error)),
        }
    }
    json!({"faults": faults, "ended": ended, "silent": silent})
}

/// The active ones in a list.
pub(crate) fn active(faults: &Value) -> &[Value] {
    faults.get("faults").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Renews the lease of a fault until it is released or its time is over.
async fn keep(
    lab: Arc<Lab>,
    place: Place,
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
        match place.renew(&lab, &id).await {
            Ok(()) => {}
            Err(error) if error.is_unknown() => {
                // Not our doing: the bank was restarted, or somebody else cleared it. The journal must say so.
                if lab.faults.release(&id).is_some() {
                    let reason = format!("the {place} no longer knows it");
                    lab.observe(kind::FAULT_CLEARED, json!({"id": id, "reason": reason}));
                }
                return;
            }
            Err(error) => tracing::warn!(error = chain(&error), id, "lease is not renewed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_held_at_one_place() {
        let desk = FaultDesk::default();
        let first = desk.hold("x", Place::Bank).unwrap();
        let refused = desk.hold("x", Place::Guard).unwrap_err();
        assert!(refused.to_string().starts_with("a fault `x` is in force at the bank already"), "{refused}");
        assert!(!first.is_cancelled(), "it is renewed as before");
        assert!(desk.hold("x", Place::Bank).is_ok() && first.is_cancelled());
        assert_eq!(desk.release("x"), Some(Place::Bank));
        assert!(desk.free("x", Place::Guard).is_ok());
    }

    #[test]
    fn a_kill_once_is_over_by_itself_only_if_it_was_done_by_hand() {
        let kill = Effect::Kill(Kill { every: None });
        let cause = |why| Cause { why, actor: "controller" };
        assert_eq!(lasts(&kill, None, cause("person")), Some(ONCE));
        assert_eq!(lasts(&kill, None, cause("timeline")), None);
        assert_eq!(lasts(&kill, None, cause("replay")), None);
        let minute = Some(Duration::from_secs(60));
        assert_eq!(lasts(&kill, minute, cause("person")), minute);
        assert_eq!(lasts(&Effect::Freeze(fault::Freeze {}), None, cause("person")), None);
    }
}
