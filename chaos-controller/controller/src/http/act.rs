//! Candidates' acts on the shop, and the operator's big switches.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use evidence::kind;
use serde_json::{Value, json};

use crate::actions;
use crate::api::{Restart, Role, Say, ScaleService};
use crate::faults;
use crate::lab::Lab;

use super::{Caller, Refused};

pub(super) async fn restart(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Json(request): Json<Restart>,
) -> Result<Json<Value>, Refused> {
    let actor = caller.must_be(Role::Candidate)?.named("");
    let instances = actions::restart(&lab, &actor, &request.targets, &request.reason).await?;
    Ok(Json(json!({ "instances": instances })))
}

pub(super) async fn scale(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Json(request): Json<ScaleService>,
) -> Result<Json<Value>, Refused> {
    let actor = caller.must_be(Role::Candidate)?.named("");
    let instances =
        actions::scale(&lab, &actor, &request.service, request.instances, &request.reason).await?;
    Ok(Json(json!({ "instances": instances })))
}

pub(super) async fn declare_recovered(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    said: Option<Json<Say>>,
) -> Result<Json<Value>, Refused> {
    let said = said.map(|Json(said)| said).unwrap_or_default();
    let actor = caller.must_be(Role::Candidate)?.named(&said.author);
    let run = lab.active_run().ok_or_else(|| Refused::conflict("no run is on"))?;
    actions::refuse_if_locked(&lab, &actor, "declare_recovered")?;
    actions::speak(&lab, &actor, "declare_recovered", &said.text)?;
    run.declared.send_replace(true);
    Ok(Json(Value::Null))
}

/// No load and no fault, at once. A run that is on ends.
pub(super) async fn halt(State(lab): State<Arc<Lab>>, caller: Caller) -> Result<Json<Value>, Refused> {
    let actor = caller.must_be(Role::Operator)?.named("");
    actions::speak(&lab, &actor, "halt", "")?;
    lab.halted.store(true, Ordering::Relaxed);
    lab.load.stop(&lab.directory);
    let stuck = faults::clear_all(&lab, "halt", true).await;
    if let Some(run) = lab.active_run() {
        run.abort.cancel();
    }
    Ok(Json(json!({ "not_cleared": stuck })))
}

pub(super) async fn resume(State(lab): State<Arc<Lab>>, caller: Caller) -> Result<Json<Value>, Refused> {
    let actor = caller.must_be(Role::Operator)?.named("");
    if lab.active_run().is_some() {
        return Err(Refused::conflict("a run is on"));
    }
    lab.note(kind::ACTION, &actor, json!({"verb": "resume"}))
        .map_err(|error| Refused::from(actions::ActError::from(error)))?;
    lab.halted.store(false, Ordering::Relaxed);
    lab.resume_own_load();
    Ok(Json(Value::Null))
}

/// Ends the lab; a run that is on ends first, with its verdict.
pub(super) async fn down(State(lab): State<Arc<Lab>>, caller: Caller) -> Result<Json<Value>, Refused> {
    caller.must_be(Role::Operator)?;
    if lab.away {
        return Err(Refused::conflict(
            "the lab's processes are not this controller's: `firedrill down` ends them",
        ));
    }
    lab.stop.cancel();
    Ok(Json(Value::Null))
}
