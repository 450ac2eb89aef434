//! The traces' routes: find some, read one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use process::monotonic_us;
use serde::Deserialize;

use crate::api::Role;
use crate::api::traces::{TraceList, TraceQuery};
use crate::lab::Lab;
use crate::traces::{NoTrace, TraceTime};

use super::{Caller, Refused};

#[derive(Deserialize)]
pub(super) struct Form {
    #[serde(default)]
    format: String,
}

pub(super) async fn search(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Query(query): Query<TraceQuery>,
) -> Result<Json<TraceList>, Refused> {
    caller.must_be(Role::Observer)?;
    Ok(Json(lab.traces.search(&query, time(&lab))))
}

pub(super) async fn one(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(form): Query<Form>,
) -> Result<Response, Refused> {
    caller.must_be(Role::Observer)?;
    match form.format.as_str() {
        "" => Ok(Json(lab.traces.one(&id, time(&lab).zero_unix_ms)?).into_response()),
        "otlp" => Ok(Json(lab.traces.otlp(&id)?).into_response()),
        other => Err(Refused::invalid(format!("no format `{other}`; there is `otlp`"))),
    }
}

/// The clock that `query` and `watch` show: of the run that is on or was last; without one, of the lab.
fn time(lab: &Lab) -> TraceTime {
    let start_us = lab.run().map_or(lab.start_us, |run| run.book.start_us);
    let now_unix_ms = jiff::Timestamp::now().as_millisecond().max(0).unsigned_abs();
    let since_ms = monotonic_us().saturating_sub(start_us) / 1000;
    TraceTime { zero_unix_ms: now_unix_ms.saturating_sub(since_ms), now_unix_ms }
}

impl From<NoTrace> for Refused {
    fn from(why: NoTrace) -> Self {
        let status = match why {
            NoTrace::NotAnId(_) | NoTrace::Ambiguous { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            NoTrace::Unknown { .. } => StatusCode::NOT_FOUND,
        };
        Self::new(status, why.to_string())
    }
}
