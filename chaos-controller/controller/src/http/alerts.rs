//! What is pending and what is firing.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::alerts;
use crate::api::Role;
use crate::api::alerts::Alerts;
use crate::lab::Lab;

use super::{Caller, Refused};

pub(super) async fn list(State(lab): State<Arc<Lab>>, caller: Caller) -> Result<Json<Alerts>, Refused> {
    caller.must_be(Role::Observer)?;
    Ok(Json(alerts::told(&lab)))
}
