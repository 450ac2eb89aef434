//! The policy's routes: read, patch, diff, revert.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions;
use crate::api::{ChangePolicy, PolicyVersion, RevertPolicy, Role};
use crate::control;
use crate::lab::Lab;
use crate::policy_store::PolicyRefusal;

use super::{Caller, Refused};

#[derive(Deserialize)]
pub(super) struct Between {
    from: u64,
    to: u64,
}

pub(super) async fn current(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
) -> Result<Json<PolicyVersion>, Refused> {
    caller.must_be(Role::Observer)?;
    Ok(Json(lab.policy.current()))
}

pub(super) async fn versions(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
) -> Result<Json<Vec<PolicyVersion>>, Refused> {
    caller.must_be(Role::Observer)?;
    Ok(Json(lab.policy.all()))
}

pub(super) async fn version(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Path(version): Path<u64>,
) -> Result<Json<PolicyVersion>, Refused> {
    caller.must_be(Role::Observer)?;
    Ok(Json(lab.policy.get(version).ok_or(PolicyRefusal::Unknown(version))?))
}

pub(super) async fn diff(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Query(between): Query<Between>,
) -> Result<Json<Vec<Value>>, Refused> {
    caller.must_be(Role::Observer)?;
    let document =
        |version| lab.policy.get(version).map(|known| known.document).ok_or(PolicyRefusal::Unknown(version));
    let changes = resilience::policy::diff(&document(between.from)?, &document(between.to)?);
    Ok(Json(changes.iter().map(|change| json!(change)).collect()))
}

pub(super) async fn change(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Json(mut change): Json<ChangePolicy>,
) -> Result<Json<PolicyVersion>, Refused> {
    change.author = caller.must_be(Role::Candidate)?.named(&change.author);
    if change.dry_run {
        return Ok(Json(lab.policy.preview(&change)?));
    }
    actions::refuse_if_locked(&lab, &change.author, "policy")?;
    put_in_force(&lab, lab.policy.preview(&change)?).await
}

pub(super) async fn revert(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Json(revert): Json<RevertPolicy>,
) -> Result<Json<PolicyVersion>, Refused> {
    let author = caller.must_be(Role::Candidate)?.named(&revert.author);
    actions::refuse_if_locked(&lab, &author, "policy")?;
    let reason = if revert.reason.trim().is_empty() {
        format!("back to version {}", revert.to)
    } else {
        revert.reason
    };
    put_in_force(&lab, lab.policy.reverted(revert.to, &author, &reason)?).await
}

async fn put_in_force(lab: &Lab, draft: PolicyVersion) -> Result<Json<PolicyVersion>, Refused> {
    let version = control::put_in_force(lab, draft)?;
    Ok(Json(control::rolled_out(lab, version.version).await))
}
