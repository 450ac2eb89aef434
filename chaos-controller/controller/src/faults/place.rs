//! Where faults act, asked by one set of verbs: the bank has those of its calls, the guard those of processes. Each
//! ends its own when a lease is over.

use fault::{Effect, FaultSpec};
use platform::GuardError;
use platform::http::CallError;
use serde_json::{Value, json};

use crate::bank::BankError;
use crate::lab::Lab;

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// First, because a bank that is frozen cannot be asked.
    Guard,
    Bank,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Guard => "guard",
            Self::Bank => "bank",
        })
    }
}

/// Why a place did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    /// The bank did not.
    #[error(transparent)]
    Bank(#[from] BankError),
    /// The guard did not.
    #[error("failed to ask the guard")]
    Guard(#[from] GuardError),
    /// There is none.
    #[error("the lab has no guard")]
    NoGuard,
}

impl Place {
    pub(crate) const ALL: [Place; 2] = [Place::Guard, Place::Bank];

    /// Where an effect acts.
    pub(crate) fn of(effect: &Effect) -> Self {
        match effect.place() {
            fault::Place::Bank => Self::Bank,
            fault::Place::Process => Self::Guard,
        }
    }

    /// Applies a fault, or changes one.
    pub(crate) async fn apply(
        self,
        lab: &Lab,
        id: &str,
        target: &str,
        spec: &FaultSpec,
    ) -> Result<(), PlaceError> {
        match self {
            Self::Bank => Ok(lab.bank.apply(&lab.directory, id, spec).await?),
            Self::Guard => Ok(guard(lab)?.apply_fault(id, target, spec).await?),
        }
    }

    /// Renews the lease of a fault.
    pub(crate) async fn renew(self, lab: &Lab, id: &str) -> Result<(), PlaceError> {
        match self {
            Self::Bank => Ok(lab.bank.renew(&lab.directory, id).await?),
            Self::Guard => Ok(guard(lab)?.renew_fault(id).await?),
        }
    }

    /// Ends a fault. Says whether it was in force.
    pub(crate) async fn clear(self, lab: &Lab, id: &str, abort_inflight: bool) -> Result<bool, PlaceError> {
        match self {
            Self::Bank => Ok(lab.bank.clear(&lab.directory, id, abort_inflight).await?),
            Self::Guard => Ok(guard(lab)?.clear_fault(id).await?),
        }
    }

    /// `{faults: [..], ended: [..]}`, each with its target.
    pub(crate) async fn list(self, lab: &Lab) -> Result<Value, PlaceError> {
        let mut list = match self {
            Self::Bank => lab.bank.faults(&lab.directory).await?,
            Self::Guard => guard(lab)?.faults().await?,
        };
        if self == Self::Bank {
            for which in ["faults", "ended"] {
                for fault in list.get_mut(which).and_then(Value::as_array_mut).into_iter().flatten() {
                    fault["target"] = json!(crate::bank::BANK);
                }
            }
        }
        Ok(list)
    }

    /// Every change of its faults, in order.
    pub(crate) async fn log(self, lab: &Lab) -> Result<Vec<Value>, PlaceError> {
        match self {
            Self::Bank => Ok(lab.bank.log(&lab.directory).await?),
            Self::Guard => Ok(guard(lab)?.fault_log().await?),
        }
    }
}

impl PlaceError {
    /// Whether the place says that it knows no such fault.
    pub(crate) fn is_unknown(&self) -> bool {
        match self {
            Self::Bank(error) => error.is_unknown(),
            Self::Guard(GuardError::Call(CallError::Refused { status, .. })) => status.as_u16() == 404,
            Self::Guard(_) | Self::NoGuard => false,
        }
    }

    /// What the guard says is wrong with the fault itself.
    pub(crate) fn refusal(&self) -> Option<String> {
        let Self::Guard(GuardError::Call(CallError::Refused { status, body, .. })) = self else {
            return None;
        };
        let said = serde_json::from_str::<Value>(body).ok()?;
        (status.as_u16() == 422).then(|| said["error"].as_str().unwrap_or(body).to_owned())
    }
}

/// What is left of faults of processes, on the processes themselves.
pub(crate) async fn residue(lab: &Lab) -> Result<Vec<String>, PlaceError> {
    Ok(guard(lab)?.fault_residue().await?)
}

fn guard(lab: &Lab) -> Result<&platform::Guard, PlaceError> {
    lab.guard.get().ok_or(PlaceError::NoGuard)
}
