//! The traces' routes: find some, read one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::api::Role;
use crate::api::traces::{TraceList, TraceQuery};
use crate::lab::Lab;
use crate::traces::NoTrace;

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
    Ok(Json(lab.traces.search(&query)))
}

pub(super) async fn one(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(form): Query<Form>,
) -> Result<Response, Refused> {
    caller.must_be(Role::Observer)?;
    match form.format.as_str() {
        "" => Ok(Json(lab.traces.one(&id)?).into_response()),
        "otlp" => Ok(Json(lab.traces.otlp(&id)?).into_response()),
        other => Err(Refused::invalid(format!("no format `{other}`; there is `otlp`"))),
    }
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
