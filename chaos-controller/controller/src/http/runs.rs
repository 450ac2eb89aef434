//! Runs: start one, look at it, stop it, read its scorecard.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::api::{Role, RunStatus, StartRun};
use crate::grading::Form;
use crate::lab::Lab;
use crate::run;

use super::{Caller, Refused};

pub(super) async fn start(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Json(request): Json<StartRun>,
) -> Result<Json<RunStatus>, Refused> {
    caller.must_be(Role::Operator)?;
    Ok(Json(run::start(&lab, request).await?.status(caller.role)))
}

pub(super) async fn current(State(lab): State<Arc<Lab>>, caller: Caller) -> Result<Json<RunStatus>, Refused> {
    Ok(Json(last_run(&lab)?.status(caller.role)))
}

pub(super) async fn abort(State(lab): State<Arc<Lab>>, caller: Caller) -> Result<Json<RunStatus>, Refused> {
    caller.must_be(Role::Operator)?;
    let run = lab.active_run().ok_or_else(|| Refused::conflict("no run is on"))?;
    run.abort.cancel();
    Ok(Json(run.status(caller.role)))
}

/// The verdict; before there is one, 404.
pub(super) async fn scorecard(State(lab): State<Arc<Lab>>, caller: Caller) -> Result<Response, Refused> {
    caller.must_be(Role::Observer)?;
    let run = last_run(&lab)?;
    if !run.is_over() {
        return Err(Refused::new(StatusCode::NOT_FOUND, "the run has no verdict yet"));
    }
    let text = std::fs::read(run.book.dir.join(Form::Scorecard.file()))
        .map_err(|error| Refused::new(StatusCode::NOT_FOUND, format!("the run was not graded: {error}")))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

fn last_run(lab: &Lab) -> Result<Arc<run::Run>, Refused> {
    lab.run().ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "no run yet"))
}
