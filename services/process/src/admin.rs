//! The admin port: is it alive, is it ready, what does it count. A port of its
//! own, so that a flood at the front door never hides the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{Encoder, Registry, TextEncoder};

/// What the admin port answers from.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) registry: Registry,
    pub(crate) ready: Arc<AtomicBool>,
}

impl Admin {
    /// Health, readiness and metrics, plus what the service itself adds.
    pub(crate) fn router(self, own: Router) -> Router {
        Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(readiness))
            .route("/metrics", get(metrics))
            .with_state(self)
            .merge(own)
    }
}

async fn readiness(State(admin): State<Admin>) -> impl IntoResponse {
    if admin.ready.load(Ordering::Relaxed) {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    let encoder = TextEncoder::new();
    let mut text = Vec::with_capacity(32 * 1024);
    if let Err(error) = encoder.encode(&admin.registry.gather(), &mut text) {
        tracing::warn!(%error, "failed to encode the metrics");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response()
}

/// Lets only requests through that carry `Authorization: Bearer <token>`. An
/// empty token lets nobody in. For `axum::middleware::from_fn_with_state`.
pub async fn require_token(State(token): State<Arc<str>>, request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if token.is_empty() || given != Some(&token) {
        let hint = "this needs the header `Authorization: Bearer <token>`\n";
        return (StatusCode::UNAUTHORIZED, hint).into_response();
    }
    next.run(request).await
}

/// `routes`, for those who carry `token` only.
pub fn guarded(routes: Router, token: &str) -> Router {
    let token: Arc<str> = token.into();
    routes.layer(axum::middleware::from_fn_with_state(token, require_token))
}

/// Rows as JSON lines, or 500 with the reason in the log.
pub fn jsonl<T: serde::Serialize, E: std::error::Error + 'static>(rows: Result<Vec<T>, E>) -> Response {
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "failed to read a ledger");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, &row).expect("a row is plain data, and memory takes all of it");
        text.push(b'\n');
    }
    ([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response()
}
