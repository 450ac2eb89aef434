//! What people say: who may say it, and what they are answered. `say` has its own route for the sake of a single
//! argument; hints and the reveal have theirs because something is given in return.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use drill::Mode;
use evidence::said::Audience;
use evidence::{Said, recording};
use serde_json::Value;

use crate::api::words::{AskHint, AskReveal, Hint, Incident, Record, Revealed};
use crate::api::{Role, Say};
use crate::incident;
use crate::lab::Lab;
use crate::reveal;
use crate::words;

use super::{Caller, Refused};

pub(super) async fn record(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Json(record): Json<Record>,
) -> Result<Json<Said>, Refused> {
    let role = if matches!(record.said, Said::Mark { .. }) { Role::Operator } else { Role::Candidate };
    let actor = caller.must_be(role)?.named(&record.author);
    match record.said {
        Said::Hint { .. } => {
            Err(Refused::new(StatusCode::BAD_REQUEST, "a hint is asked for: POST /api/hint"))
        }
        Said::Reveal {} => {
            Err(Refused::new(StatusCode::BAD_REQUEST, "what happens is asked for: POST /api/reveal"))
        }
        said => {
            refuse_if_gated(&lab)?;
            Ok(Json(words::record(&lab, &actor, said)?))
        }
    }
}

pub(super) async fn say(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Json(said): Json<Say>,
) -> Result<Json<Value>, Refused> {
    let actor = caller.must_be(Role::Candidate)?.named(&said.author);
    if said.text.trim().is_empty() {
        return Err(Refused::invalid("there is nothing said"));
    }
    refuse_if_gated(&lab)?;
    words::record(&lab, &actor, Said::Say { text: said.text, to: Audience::default() })?;
    Ok(Json(Value::Null))
}

/// The next hint, or one by its level: on record before it is given.
pub(super) async fn hint(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    asked: Option<Json<AskHint>>,
) -> Result<Json<Hint>, Refused> {
    let asked = asked.map(|Json(asked)| asked).unwrap_or_default();
    let actor = caller.must_be(Role::Candidate)?.named(&asked.author);
    refuse_if_gated(&lab)?;
    if lab.active_run().is_some_and(|run| run.clock().is_none()) {
        return Err(Refused::conflict("nothing is handed over yet, so there is nothing to give a hint for"));
    }
    Ok(Json(words::hint(&lab, &actor, &asked.level)?))
}

/// What happens behind the scenes, of the run that is on or was last. That it was shown is on record first, unless the
/// run is over and keeps no secret.
pub(super) async fn reveal(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    asked: Option<Json<AskReveal>>,
) -> Result<Json<Revealed>, Refused> {
    let author = asked.map(|Json(asked)| asked.author).unwrap_or_default();
    let actor = caller.must_be(Role::Candidate)?.named(&author);
    let run = lab.run().ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "no run yet"))?;
    if !run.is_over() {
        if caller.role != Role::Operator && matches!(run.plan.mode, Mode::Assessed | Mode::Gate) {
            let mode = run.plan.mode.name();
            let why =
                format!("nothing is revealed before the end of a run in mode {mode}; operators may look");
            return Err(Refused::new(StatusCode::FORBIDDEN, why));
        }
        words::reveal(&lab, &actor)?;
    }
    let path = run.book.dir.join(recording::JOURNAL);
    let unread = |error: &dyn std::fmt::Display| {
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the journal is not read: {error}"))
    };
    let text = tokio::fs::read(&path).await.map_err(|error| unread(&error))?;
    let entries = evidence::verify(text).map_err(|error| unread(&error))?.entries;
    let mut revealed = reveal::revealed(&entries);
    revealed.run.clone_from(&run.book.name);
    revealed.drill.clone_from(&run.plan.drill);
    revealed.variant.clone_from(&run.plan.variant);
    Ok(Json(revealed))
}

/// What stands in the incident of the run that is on, or was last.
pub(super) async fn incident(State(lab): State<Arc<Lab>>, caller: Caller) -> Result<Json<Incident>, Refused> {
    let role = caller.must_be(Role::Observer)?.role;
    let run = lab.run().ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "no run yet"))?;
    let mut incident = incident::standing(&run.words(), role);
    incident.run.clone_from(&run.book.name);
    incident.t_ms = run.book.t_ms();
    Ok(Json(incident))
}

/// A gate is played by its script alone.
pub(super) fn refuse_if_gated(lab: &Lab) -> Result<(), Refused> {
    match lab.active_run() {
        Some(run) if run.plan.mode == Mode::Gate => {
            Err(Refused::conflict("this run is in mode gate: its script alone plays and speaks"))
        }
        _ => Ok(()),
    }
}
