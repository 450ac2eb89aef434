//! The guard's API on a loopback port, for whoever holds the operator's token.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::faults::{self, Desk};
use super::fleet::{Fleet, Unknown};
use crate::spec::{HeartBeat, ProcessState, Restart, Scale, Signal, Silence};

/// Serves until `stop`, and then until the answers under way have left.
pub(crate) async fn serve(
    listener: TcpListener,
    fleet: Arc<Fleet>,
    faults: Arc<Desk>,
    stop: CancellationToken,
) {
    let router = Router::new()
        .route("/processes", get(processes))
        .route("/controller", get(controller))
        .route("/heartbeat", post(heartbeat))
        .route("/restart", post(restart))
        .route("/scale", post(scale))
        .route("/signal", post(signal))
        .route("/down", post(down))
        .merge(faults::router(faults))
        .layer(middleware::from_fn_with_state(Arc::clone(&fleet), operators_only))
        .with_state(fleet);
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await {
        tracing::error!(%error, "the guard's API ended");
    }
}

#[derive(Deserialize)]
struct Weigh {
    #[serde(default)]
    pss: bool,
}

#[derive(Serialize)]
struct Refusal {
    error: String,
}

async fn operators_only(State(fleet): State<Arc<Fleet>>, request: Request, next: Next) -> Response {
    let wanted = format!("Bearer {}", fleet.spec().operator_token);
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given == Some(wanted.as_str()) {
        next.run(request).await
    } else {
        let refusal = Refusal { error: "the guard obeys the operator's token only".into() };
        (StatusCode::UNAUTHORIZED, Json(refusal)).into_response()
    }
}

async fn processes(State(fleet): State<Arc<Fleet>>, Query(weigh): Query<Weigh>) -> Json<Vec<ProcessState>> {
    Json(fleet.states(weigh.pss))
}

async fn controller(State(fleet): State<Arc<Fleet>>) -> Json<Silence> {
    Json(fleet.silence())
}

async fn heartbeat(State(fleet): State<Arc<Fleet>>, Json(beat): Json<HeartBeat>) -> Json<()> {
    fleet.heartbeat(beat.controller_pid);
    Json(())
}

async fn restart(State(fleet): State<Arc<Fleet>>, Json(order): Json<Restart>) -> Response {
    answer(fleet.restart(&order.targets, Duration::from_millis(order.grace_ms)).await)
}

async fn scale(State(fleet): State<Arc<Fleet>>, Json(order): Json<Scale>) -> Response {
    answer(fleet.scale(&order.service, order.instances, Duration::from_millis(order.grace_ms)).await)
}

async fn signal(State(fleet): State<Arc<Fleet>>, Json(order): Json<Signal>) -> Response {
    answer(fleet.signal(&order.targets, order.signal))
}

async fn down(State(fleet): State<Arc<Fleet>>) -> Json<()> {
    // An error says that it goes down already.
    let _ = fleet.ask_down().await.await;
    Json(())
}

fn answer(result: Result<Vec<String>, Unknown>) -> Response {
    match result {
        Ok(instances) => Json(instances).into_response(),
        Err(unknown) => (StatusCode::NOT_FOUND, Json(Refusal { error: unknown.to_string() })).into_response(),
    }
}
