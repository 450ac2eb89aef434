//! The logs' route.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;

use crate::api::Role;
use crate::api::logs::{LogQuery, Logs};
use crate::causes::chain;
use crate::lab::Lab;
use crate::logs::{LogError, read as tail};

use super::{Caller, Refused};

pub(super) async fn read(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Query(query): Query<LogQuery>,
) -> Result<Json<Logs>, Refused> {
    let role = caller.must_be(Role::Observer)?.role;
    let dir = lab.state_dir.join("logs");
    // Files are read on a thread of their own: the lab's heart must beat.
    let read = tokio::task::spawn_blocking(move || tail(&dir, role, &query)).await;
    let logs = read.unwrap_or_else(|error| Err(LogError::Unreadable(std::io::Error::other(error))))?;
    Ok(Json(logs))
}

impl From<LogError> for Refused {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Level(_) => Self::invalid(error.to_string()),
            LogError::Unknown { .. } => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            LogError::Unreadable(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, chain(&error)),
        }
    }
}
