//! Faults by hand: operators only, and candidates do not even learn that there are any.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use fault::{FaultSpec, Problem, Region};
use platform::unbroken;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{AddFault, Role};
use crate::bank::BANK;
use crate::book::unix_ms;
use crate::directory::{SHOP, is_shop};
use crate::faults::{self, Cause, FaultError};
use crate::lab::Lab;

use super::{Caller, Refused};

#[derive(Deserialize)]
pub(super) struct Clearing {
    #[serde(default)]
    abort_inflight: bool,
}

pub(super) async fn list(State(lab): State<Arc<Lab>>, caller: Caller) -> Result<Json<Value>, Refused> {
    caller.must_be(Role::Operator)?;
    Ok(Json(faults::list(&lab).await))
}

pub(super) async fn add(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Json(request): Json<AddFault>,
) -> Result<Json<Value>, Refused> {
    let actor = caller.must_be(Role::Operator)?.named("");
    let spec: FaultSpec = serde_json::from_value(request.spec)
        .map_err(|error| Refused::invalid(format!("not a fault: {error}")))?;
    let targets = targets(&lab);
    if !targets.contains(&request.target) {
        return Err(Refused::invalid(format!(
            "no fault can be put on `{}`; there are: {}",
            request.target,
            targets.join(", ")
        )));
    }
    let mut problems = fault::check(&spec);
    problems.extend(fault::misplaced(&spec, &request.target));
    if spec.region == Region::Second && lab.plan.bank.second_region.is_none() {
        let message = "the bank of this lab has no second region: allowed is main".to_owned();
        problems.push(Problem { path: "region".to_owned(), message });
    }
    if !problems.is_empty() {
        let problems = problems.iter().map(|problem| json!(problem)).collect();
        return Err(Refused::invalid("not a fault that can be").with_problems(problems));
    }
    let id = request.id.unwrap_or_else(|| format!("by-hand-{}", unix_ms()));
    // Before anything is in the journal: it says what was intended, not what could not be.
    if let Some(why) = fault::wrong_id(&id) {
        return Err(Refused::invalid(why));
    }
    let length = request.for_ms.map(Duration::from_millis);
    let done = Json(json!({"id": id, "spec": spec}));
    unbroken(async move {
        let was_halted = lab.halted.load(Ordering::Relaxed);
        let cause = Cause { why: "person", actor: &actor };
        faults::apply(&lab, &id, &request.target, &spec, length, cause).await?;
        // A halt that came meanwhile did not see it.
        if lab.halted.load(Ordering::Relaxed) && !was_halted {
            faults::clear(&lab, &id, "halt", &actor, true).await?;
        }
        Ok::<(), FaultError>(())
    })
    .await?;
    Ok(done)
}

pub(super) async fn clear(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(clearing): Query<Clearing>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let actor = caller.must_be(Role::Operator)?.named("");
    let done = Json(json!({ "id": id }));
    let abort_inflight = clearing.abort_inflight;
    unbroken(async move { faults::clear(&lab, &id, "cleared by hand", &actor, abort_inflight).await })
        .await?;
    Ok((StatusCode::OK, done))
}

/// The services of the shop, the bank, and their instances.
fn targets(lab: &Lab) -> Vec<String> {
    let members = lab.directory.members().into_iter();
    let instances = members
        .filter(|member| is_shop(&member.service) || member.service == BANK)
        .map(|member| member.instance);
    [BANK].into_iter().chain(SHOP).map(str::to_owned).chain(instances).collect()
}
