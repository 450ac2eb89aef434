//! Where faults act: processes of this machine, containers, pods. The books (`desk.rs`) are the same everywhere; a
//! ground does the deeds, and undoes them.
//!
//! ```text
//! prepare -> keep -> begin -> [what begin gave, polled until the fault ends] -> undo -> forget
//! ```
//! What undoes a fault is known and kept before the fault acts. So a guard that dies in between leaves nothing that the
//! next one cannot end.

use std::time::Instant;

use fault::{Effect, FaultSpec};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tally::Tally;
use crate::guard::host::{Boxed, Unknown};

/// The deeds of one platform.
pub(crate) trait Ground: Send + Sync {
    /// The instances that a name stands for: those of a service, or one.
    fn pick<'a>(&'a self, target: &'a str) -> Boxed<'a, Result<Vec<String>, Unknown>>;

    /// Why it cannot be done here to these instances, if it cannot: the field, and what is allowed.
    fn impossible<'a>(&'a self, effect: &'a Effect, instances: &'a [String]) -> Boxed<'a, Option<String>>;

    /// What will undo it, read from how things are now. Changes nothing.
    fn prepare<'a>(
        &'a self,
        effect: &'a Effect,
        instances: &'a [String],
    ) -> Boxed<'a, Result<Value, Failed>> {
        let _ = (effect, instances);
        Box::pin(async { Ok(Value::Null) })
    }

    /// Strikes for the first time. What it gives goes on (strikes again, watches, measures) for as long as it is polled.
    fn begin(&self, acting: Acting) -> Boxed<'_, Result<Boxed<'static, ()>, Failed>>;

    /// Undoes a fault, whatever of it is there: also half of it, and also when nothing is left to do.
    fn undo<'a>(&'a self, kept: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        let _ = kept;
        Box::pin(async { Ok(()) })
    }

    /// Keeps a lease where the next guard finds it; the same id again replaces it.
    fn keep<'a>(&'a self, kept: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        let _ = kept;
        Box::pin(async { Ok(()) })
    }

    /// Forgets a lease.
    fn forget<'a>(&'a self, kept: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        let _ = kept;
        Box::pin(async { Ok(()) })
    }

    /// The leases that an earlier guard kept.
    fn kept(&self) -> Boxed<'_, Result<Vec<Kept>, Failed>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Everything that is not as it was, looked for where faults act and not in any books; empty is clean.
    fn residue(&self) -> Boxed<'_, Vec<String>>;
}

/// One fault, as it begins.
pub(crate) struct Acting {
    pub(crate) effect: Effect,
    /// Those that there were when it was applied.
    pub(crate) instances: Vec<String>,
    pub(crate) applied: Instant,
    /// What [`Ground::prepare`] gave.
    pub(crate) undo: Value,
    /// Where it says what it did.
    pub(crate) tally: Tally,
}

/// A lease that outlives its guard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) id: String,
    pub(crate) target: String,
    pub(crate) spec: FaultSpec,
    pub(crate) instances: Vec<String>,
    /// What [`Ground::prepare`] gave.
    pub(crate) undo: Value,
    /// When it ends unless it is renewed, milliseconds of Unix time: the only clock that two guards share.
    pub(crate) deadline_unix_ms: u64,
}

/// The platform did not do it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failed(pub(crate) String);

impl Failed {
    /// With every cause of an error.
    pub(crate) fn of(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Self(text)
    }
}
