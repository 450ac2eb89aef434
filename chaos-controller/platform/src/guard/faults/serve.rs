//! The faults of processes over HTTP: the bank's API (`services/bank/src/admin.rs`), with a target.
//!
//! ```text
//! GET    /faults                            what is in force, and what has ended, with doses
//! POST   /faults      {id, target, spec}    apply; the same again only renews the lease
//! DELETE /faults                            clear all
//! DELETE /faults/{id}                       clear one: answered when it is undone
//! PUT    /faults/{id}/lease                 renew
//! GET    /faults/log                        every change
//! GET    /faults/residue                    what can still be found on the processes
//! ```

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::{Desk, Refused, What};
use crate::unbroken;

pub(crate) fn router<S: Clone + Send + Sync + 'static>(desk: Arc<Desk>) -> Router<S> {
    Router::new()
        .route("/faults", get(list).post(apply).delete(clear_all))
        .route("/faults/log", get(log))
        .route("/faults/residue", get(residue))
        .route("/faults/{id}", delete(clear))
        .route("/faults/{id}/lease", put(renew))
        .with_state(desk)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Apply {
    id: String,
    target: String,
    spec: Value,
}

async fn list(State(desk): State<Arc<Desk>>) -> Json<Value> {
    Json(desk.list())
}

async fn apply(State(desk): State<Arc<Desk>>, Json(Apply { id, target, spec }): Json<Apply>) -> Response {
    let spec = match fault::parse(&spec) {
        Ok(spec) => spec,
        Err(problems) => {
            return (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"problems": problems}))).into_response();
        }
    };
    let name = id.clone();
    match unbroken(async move { desk.apply(&name, &target, spec).await }).await {
        Ok(change) => {
            let status = if change == What::Applied { StatusCode::CREATED } else { StatusCode::OK };
            (status, Json(json!({"id": id, "change": change}))).into_response()
        }
        Err(refused) => told(&refused),
    }
}

/// What a caller can mend is 422; what the platform did not do is 502.
fn told(refused: &Refused) -> Response {
    let status = match refused {
        Refused::Failed(_) => StatusCode::BAD_GATEWAY,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (status, Json(json!({"error": refused.to_string()}))).into_response()
}

async fn renew(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    let name = id.clone();
    match unbroken(async move { desk.renew(&name).await }).await {
        Some(left) => Json(json!({"id": id, "lease_left_ms": left.as_millis() as u64})).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({"error": format!("no fault `{id}`")}))).into_response(),
    }
}

/// Clearing what is not there is no error: the caller may be asking again.
async fn clear(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    let name = id.clone();
    match unbroken(async move { desk.clear(&name).await }).await {
        Ok(cleared) => Json(json!({"id": id, "cleared": cleared})).into_response(),
        Err(refused) => told(&refused),
    }
}

async fn clear_all(State(desk): State<Arc<Desk>>) -> Json<Value> {
    Json(json!({"cleared": unbroken(async move { desk.clear_all().await }).await}))
}

async fn log(State(desk): State<Arc<Desk>>) -> Json<Value> {
    Json(json!({"changes": desk.log()}))
}

async fn residue(State(desk): State<Arc<Desk>>) -> Json<Vec<String>> {
    Json(desk.residue().await)
}
