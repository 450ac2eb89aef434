//! Prometheus' HTTP service discovery: where every process of the lab tells its metrics, and as whom. A process that has
//! died stays a target until it was scaled away: `up == 0` is how a Prometheus knows of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use serde::Serialize;

use crate::api::Role;
use crate::lab::Lab;

use super::{Caller, Refused};

/// Targets with the same labels: here always one.
#[derive(Debug, Serialize)]
pub(super) struct Targets {
    targets: [String; 1],
    labels: BTreeMap<&'static str, String>,
}

pub(super) async fn targets(
    State(lab): State<Arc<Lab>>,
    headers: HeaderMap,
    caller: Caller,
) -> Result<Json<Vec<Targets>>, Refused> {
    caller.must_be(Role::Observer)?;
    let members = lab.directory.members().into_iter();
    let told = members.filter(|member| !member.admin.is_empty() && !member.is_scaled_away());
    let mut all: Vec<Targets> =
        told.map(|member| target(member.admin, &member.service, &member.instance)).collect();
    // Where we listen may be every address; whoever asks has reached us by a good one.
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let own = host.unwrap_or_else(|| lab.url.trim_start_matches("http://")).to_owned();
    all.push(target(own, "controller", "controller"));
    Ok(Json(all))
}

fn target(address: String, service: &str, instance: &str) -> Targets {
    let labels = BTreeMap::from([("service", service.to_owned()), ("instance", instance.to_owned())]);
    Targets { targets: [address], labels }
}
