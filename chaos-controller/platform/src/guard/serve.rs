//! The guard's API, for whoever holds the operator's token: on a loopback port of this machine, or on a port of the lab's
//! own network that nobody publishes.

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
use super::host::{Host, HostError};
use crate::spec::{HeartBeat, ProcessState, Restart, Scale, Signal, Silence};

/// Serves until `stop`, and then until the answers under way have left.
pub(crate) async fn serve(
    listener: TcpListener,
    host: Arc<dyn Host>,
    faults: Arc<Desk>,
    operator_token: &str,
    stop: CancellationToken,
) {
    let bearer: Arc<str> = format!("Bearer {operator_token}").into();
    let router = Router::new()
        .route("/processes", get(processes))
        .route("/controller", get(controller))
        .route("/heartbeat", post(heartbeat))
        .route("/restart", post(restart))
        .route("/scale", post(scale))
        .route("/signal", post(signal))
        .route("/down", post(down))
        .merge(faults::router(faults))
        .layer(middleware::from_fn_with_state(bearer, operators_only))
        // Whoever looks whether the guard lives has no token.
        .route("/healthz", get(|| async { "ok\n" }))
        .with_state(host);
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

async fn operators_only(State(bearer): State<Arc<str>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given == Some(&*bearer) {
        next.run(request).await
    } else {
        let refusal = Refusal { error: "the guard obeys the operator's token only".into() };
        (StatusCode::UNAUTHORIZED, Json(refusal)).into_response()
    }
}

async fn processes(State(host): State<Arc<dyn Host>>, Query(weigh): Query<Weigh>) -> Json<Vec<ProcessState>> {
    Json(host.states(weigh.pss).await)
}

async fn controller(State(host): State<Arc<dyn Host>>) -> Json<Silence> {
    Json(host.heard().silence())
}

async fn heartbeat(State(host): State<Arc<dyn Host>>, Json(beat): Json<HeartBeat>) -> Json<()> {
    host.heard().beat(beat.controller_pid);
    Json(())
}

async fn restart(State(host): State<Arc<dyn Host>>, Json(order): Json<Restart>) -> Response {
    answer(host.restart(&order.targets, Duration::from_millis(order.grace_ms)).await)
}

async fn scale(State(host): State<Arc<dyn Host>>, Json(order): Json<Scale>) -> Response {
    answer(host.scale(&order.service, order.instances, Duration::from_millis(order.grace_ms)).await)
}

async fn signal(State(host): State<Arc<dyn Host>>, Json(order): Json<Signal>) -> Response {
    answer(host.signal(&order.targets, order.signal).await)
}

async fn down(State(host): State<Arc<dyn Host>>) -> Response {
    answer(host.down().await)
}

fn answer(result: Result<impl Serialize, HostError>) -> Response {
    let error = match result {
        Ok(done) => return Json(done).into_response(),
        Err(error) => error,
    };
    let status = match error {
        HostError::Unknown(_) => StatusCode::NOT_FOUND,
        HostError::Failed(_) => StatusCode::BAD_GATEWAY,
        HostError::NotHere(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (status, Json(Refusal { error: error.to_string() })).into_response()
}
