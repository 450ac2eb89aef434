//! The surge of a drill whose trigger is not a fault but more users. It is part of the schedule, drawn before the run and
//! covered by its hash; here the run keeps step with it and writes down when it began and ended, in the words of a
//! fault, so that everybody who reads the journal finds the outage where they look for it.
//!
//! With a person it holds, as a fault does, until they say that the shop has recovered: only then is it known when it ends
//! and when the replay's is, and the generator is told.
//!
//! How many came is not noted: the grader counts them in the request log.

use std::sync::Arc;
use std::time::Duration;

use drill::Surge;
use evidence::kind;
use serde_json::json;
use tokio::time::Instant;

use crate::lab::Lab;

use super::{Ended, Run};

/// Names of the surge and of the one that is the replay.
const SURGE: &str = "surge";
const REPLAY: &str = "replay";
/// How long a message to the generator takes at most.
const TELLING: Duration = Duration::from_millis(500);

/// Waits for the moment at which the schedule has its surge. Void if the baseline was proven too late for it.
pub(crate) async fn begins(lab: &Lab, run: &Run) -> Result<(), Ended> {
    if run.plan.load.surge.is_none() {
        return Ok(());
    }
    let Some(zero) = lab.load.offered() else { return Err(Ended::Void("no load was asked for".to_owned())) };
    let moment = zero + run.plan.surge_at();
    if Instant::now() > moment {
        return Err(Ended::Void("the baseline was proven only after the surge had begun".to_owned()));
    }
    run.until(moment).await
}

/// Writes down that the surge has begun, and unless it holds for a person, in its time that it is over. Nothing to do
/// without one.
pub(super) async fn on(lab: &Arc<Lab>, run: &Arc<Run>, t0: Instant) -> Result<(), Ended> {
    let Some(surge) = run.plan.load.surge else { return Ok(()) };
    note_begin(lab, run, SURGE, "timeline")?;
    if run.plan.holds_for_a_person() {
        return Ok(());
    }
    run.until(t0 + surge.length).await?;
    note_end(lab, SURGE)
}

/// The time in which the shop may recover is over: with a person, the surge is too, and that of the replay comes after
/// the quiet time. For a script all of it was in the schedule from the start.
pub(super) async fn ends(lab: &Lab, run: &Run) -> Result<(), Ended> {
    let plan = &run.plan;
    let (Some(surge), None) = (plan.load.surge, &plan.candidate) else { return Ok(()) };
    let Some(zero) = lab.load.offered() else { return Err(Ended::Void("no load was asked for".to_owned())) };
    let began = zero + plan.surge_at();
    // The generator must have heard of it by then.
    let soon = (Instant::now() + TELLING).saturating_duration_since(began);
    let length = if plan.holds_for_a_person() { soon.max(surge.over) } else { surge.length };
    let quiet = soon.max(length) + plan.clear;
    lab.load.resurge(
        &lab.directory,
        &[
            (plan.surge_at(), Surge { length, ..surge }),
            (plan.surge_at() + quiet, Surge { length: plan.replay.length, ..surge }),
        ],
    );
    // The quiet time counts from here on, as the generator was told.
    run.until(began + soon.max(length)).await?;
    if plan.holds_for_a_person() { note_end(lab, SURGE) } else { Ok(()) }
}

/// The same for the replay.
pub(super) async fn again(lab: &Lab, run: &Run, over: Instant) -> Result<(), Ended> {
    note_begin(lab, run, REPLAY, "replay")?;
    run.until(over).await?;
    note_end(lab, REPLAY)
}

fn note_begin(lab: &Lab, run: &Run, id: &str, why: &str) -> Result<(), Ended> {
    let body = json!({"id": id, "target": "traffic", "spec": {"surge": run.plan.load.surge}, "why": why});
    lab.note(kind::FAULT_INTENT, "controller", body)?;
    Ok(lab.note(kind::FAULT_APPLIED, "controller", json!({"id": id}))?)
}

fn note_end(lab: &Lab, id: &str) -> Result<(), Ended> {
    let body = json!({"id": id, "reason": "the end of the surge"});
    Ok(lab.note(kind::FAULT_CLEARED, "controller", body)?)
}
