//! The operator's side, on the admin port and behind the operator's token.
//!
//! ```text
//! GET    /faults                    what is in force, and what has ended, with doses
//! POST   /faults      {id, ...}     apply; the same again only renews the lease
//! DELETE /faults                    clear all             ?abort_inflight=true
//! GET | PUT | DELETE /faults/{id}   one                   ?abort_inflight=true
//! PUT    /faults/{id}/lease         renew
//! POST   /faults/reset-stats        count doses from now on
//! GET    /faults/log                every change
//! GET    /ledger                    every charge, a JSON object a line
//! ```

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use bytes::Bytes;
use fault::{Change, FaultSpec, Place, Problem};
use futures_util::stream;
use process::{Membership, StoreError, require_token};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::course::Bank;
use crate::ledger::Ledger;

/// Lines of the ledger that are read before the loop goes on with other work.
const LEDGER_PAGE: u32 = 500;

pub(crate) fn router(bank: Arc<Bank>, membership: Membership, token: &str) -> Router {
    let log = {
        let bank = Arc::clone(&bank);
        move || async move { log(&bank, &membership) }
    };
    let token: Arc<str> = token.into();
    Router::new()
        .route("/faults", get(list).post(apply).delete(clear_all))
        .route("/faults/log", get(log))
        .route("/faults/reset-stats", post(reset_stats))
        .route("/faults/{id}", get(one).put(apply_as).delete(clear))
        .route("/faults/{id}/lease", put(renew))
        .route("/ledger", get(ledger))
        .with_state(bank)
        .layer(axum::middleware::from_fn_with_state(token, require_token))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clearing {
    #[serde(default)]
    abort_inflight: bool,
}

type Refusal = (StatusCode, Json<Value>);

async fn list(State(bank): State<Arc<Bank>>) -> Json<Value> {
    Json(bank.faults.list(bank.now()))
}

async fn one(State(bank): State<Arc<Bank>>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    bank.faults.get(bank.now(), &id).map(Json).ok_or_else(|| unknown(&id))
}

async fn apply(State(bank): State<Arc<Bank>>, body: Bytes) -> Result<Response, Refusal> {
    let (id, spec) = fault(None, &body)?;
    Ok(applied(&bank, &id, spec))
}

async fn apply_as(
    State(bank): State<Arc<Bank>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let (id, spec) = fault(Some(id), &body)?;
    Ok(applied(&bank, &id, spec))
}

fn applied(bank: &Bank, id: &str, spec: FaultSpec) -> Response {
    let (status, change) = match bank.faults.apply(bank.now(), id, spec) {
        Change::Applied => (StatusCode::CREATED, "applied"),
        Change::Renewed => (StatusCode::OK, "renewed"),
        Change::Replaced => (StatusCode::OK, "replaced"),
    };
    (status, Json(json!({"id": id, "change": change}))).into_response()
}

async fn renew(State(bank): State<Arc<Bank>>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let left = bank.faults.renew(bank.now(), &id).ok_or_else(|| unknown(&id))?;
    Ok(Json(json!({"id": id, "lease_left_ms": u64::try_from(left.as_millis()).unwrap_or(u64::MAX)})))
}

/// Clearing what is not there is no error: the caller may be asking again.
async fn clear(
    State(bank): State<Arc<Bank>>,
    Path(id): Path<String>,
    Query(Clearing { abort_inflight }): Query<Clearing>,
) -> Json<Value> {
    let (cleared, aborted) = bank.faults.clear(bank.now(), &id, abort_inflight);
    Json(json!({"id": id, "cleared": cleared, "aborted": aborted}))
}

async fn clear_all(
    State(bank): State<Arc<Bank>>,
    Query(Clearing { abort_inflight }): Query<Clearing>,
) -> Json<Value> {
    let (cleared, aborted) = bank.faults.clear_all(bank.now(), abort_inflight);
    Json(json!({"cleared": cleared, "aborted": aborted}))
}

async fn reset_stats(State(bank): State<Arc<Bank>>) -> StatusCode {
    bank.faults.reset_stats();
    StatusCode::NO_CONTENT
}

fn log(bank: &Bank, membership: &Membership) -> Json<Value> {
    let mut changes = bank.faults.log();
    for change in &mut changes {
        change.at_us = membership.controller_clock_us(change.at_us);
    }
    Json(json!({"changes": changes}))
}

async fn ledger(State(bank): State<Arc<Bank>>) -> Response {
    let pages = stream::unfold(Some(0), move |after| {
        let bank = Arc::clone(&bank);
        async move {
            let after = after?;
            tokio::task::yield_now().await;
            match page(&bank.ledger, after) {
                Ok(None) => None,
                Ok(Some((text, last))) => Some((Ok(text), Some(last))),
                // Cuts the answer short, so that nobody takes half a ledger for all.
                Err(error) => Some((Err(error), None)),
            }
        }
    });
    ([(CONTENT_TYPE, "application/jsonl")], Body::from_stream(pages)).into_response()
}

/// The lines after number `after`, and the number of the last of them.
fn page(ledger: &Ledger, after: i64) -> Result<Option<(Bytes, i64)>, StoreError> {
    let lines = ledger.lines(after, LEDGER_PAGE)?;
    let Some(last) = lines.last().map(|line| line.number) else {
        return Ok(None);
    };
    let mut text = Vec::new();
    for line in &lines {
        serde_json::to_writer(&mut text, line).expect("a line is plain strings and numbers");
        text.push(b'\n');
    }
    Ok(Some((text.into(), last)))
}

/// The fault in a request's body. Its id stands in the path, the body, or both.
fn fault(path_id: Option<String>, body: &[u8]) -> Result<(String, FaultSpec), Refusal> {
    let mut document: Value = serde_json::from_slice(body)
        .map_err(|error| (StatusCode::BAD_REQUEST, Json(json!({"error": format!("not JSON: {error}")}))))?;
    let mut problems = Vec::new();
    let body_id = document.as_object_mut().and_then(|fields| fields.shift_remove("id"));
    let id = match (path_id, body_id) {
        (Some(id), None) => id,
        (None, Some(Value::String(id))) => id,
        (Some(path), Some(body)) if body == path.as_str() => path,
        (None, None) => wrong_id(&mut problems, "missing"),
        (Some(path), Some(body)) => {
            wrong_id(&mut problems, &format!("the path says `{path}`, the body {body}"))
        }
        (None, Some(body)) => wrong_id(&mut problems, &format!("expected a string, found {body}")),
    };
    if problems.is_empty()
        && let Some(why) = fault::wrong_id(&id)
    {
        wrong_id(&mut problems, &why);
    }
    match fault::parse(&document) {
        Ok(spec) if spec.effect.place() == Place::Process => problems.push(Problem {
            path: "effect".to_owned(),
            message: format!(
                "`{}` is done to a process, by its guard: allowed here are {}",
                spec.effect.name(),
                fault::BANK_EFFECTS.join(", ")
            ),
        }),
        Ok(spec) if problems.is_empty() => return Ok((id, spec)),
        Ok(_) => {}
        Err(more) => problems.extend(more),
    }
    Err((StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"problems": problems}))))
}

fn wrong_id(problems: &mut Vec<Problem>, message: &str) -> String {
    problems.push(Problem { path: "id".to_owned(), message: message.to_owned() });
    String::new()
}

fn unknown(id: &str) -> Refusal {
    (StatusCode::NOT_FOUND, Json(json!({"error": format!("no fault `{id}`")})))
}

#[cfg(test)]
mod tests;
