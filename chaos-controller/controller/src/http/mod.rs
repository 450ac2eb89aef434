//! The controller's API: one route, one function, by role. What each does is elsewhere; here a caller is known, a body
//! is read and a refusal is worded.
//!
//! | role | may |
//! |---|---|
//! | observer | read what candidates may see; be the lab's Prometheus and Alertmanager |
//! | candidate | change the policy, restart and scale the shop, speak, declare it recovered |
//! | operator | everything: runs, faults, halt, down |

mod act;
mod alertmanager;
mod alerts;
mod auth;
mod board;
mod discovery;
mod events;
mod faults;
mod logs;
mod policy;
mod prometheus;
mod query;
mod refusal;
mod run_files;
mod runs;
mod status;
mod traces;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};

use crate::lab::Lab;

pub(crate) use auth::Caller;
pub(crate) use refusal::Refused;

/// What is asked for and is not there.
pub(crate) async fn no_such_route(uri: axum::http::Uri) -> Refused {
    Refused::new(axum::http::StatusCode::NOT_FOUND, format!("there is nothing at `{}`", uri.path()))
}

/// All routes.
pub(crate) fn routes(lab: Arc<Lab>) -> Router {
    Router::new()
        .route("/healthz", get(status::health))
        .route("/readyz", get(status::readiness))
        .route("/metrics", get(status::metrics))
        .route("/api/status", get(status::status))
        .route("/api/plan", get(status::plan))
        .route("/api/events", get(events::events))
        .route("/api/alerts", get(alerts::list))
        .route("/api/alertmanager", post(alertmanager::take))
        .route("/api/sd", get(discovery::targets))
        .route("/api/board", get(board::board))
        .route("/api/query", get(query::instant))
        .route("/api/query_range", get(query::range))
        .route("/api/metrics", get(query::metrics))
        .route("/api/v1/query", get(prometheus::query).post(prometheus::query))
        .route("/api/v1/query_range", get(prometheus::query_range).post(prometheus::query_range))
        .route("/api/v1/labels", get(prometheus::labels).post(prometheus::labels))
        .route("/api/v1/label/{name}/values", get(prometheus::label_values))
        .route("/api/v1/series", get(prometheus::series).post(prometheus::series))
        .route("/api/traces", get(traces::search))
        .route("/api/traces/{id}", get(traces::one))
        .route("/api/logs", get(logs::read))
        .route("/api/policy", get(policy::current).patch(policy::change))
        .route("/api/policy/versions", get(policy::versions))
        .route("/api/policy/versions/{version}", get(policy::version))
        .route("/api/policy/diff", get(policy::diff))
        .route("/api/policy/revert", post(policy::revert))
        .route("/api/faults", get(faults::list).post(faults::add))
        .route("/api/faults/{id}", delete(faults::clear))
        .route("/api/runs", post(runs::start))
        .route("/api/runs/current", get(runs::current))
        .route("/api/runs/current/scorecard", get(runs::scorecard))
        .route("/api/runs/current/abort", post(runs::abort))
        .route("/api/runs/{run}/files", get(run_files::list))
        .route("/api/runs/{run}/files/{*path}", get(run_files::one))
        .route("/api/restart", post(act::restart))
        .route("/api/scale", post(act::scale))
        .route("/api/say", post(words::say))
        .route("/api/record", post(words::record))
        .route("/api/hint", post(words::hint))
        .route("/api/reveal", post(words::reveal))
        .route("/api/incident", get(words::incident))
        .route("/api/declare-recovered", post(act::declare_recovered))
        .route("/api/halt", post(act::halt))
        .route("/api/resume", post(act::resume))
        .route("/api/down", post(act::down))
        .with_state(lab)
}
