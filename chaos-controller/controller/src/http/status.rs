//! The lab at one glance, and this process's own health.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::{ProcessStatus, Role, Status};
use crate::directory::{Member, State as MemberState};
use crate::faults;
use crate::footprint::{self, Weighed};
use crate::gauges::own_metrics;
use crate::lab::Lab;

use super::{Caller, Refused};

pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// Whether a real checkout was answered since this controller started.
pub(super) async fn readiness(State(lab): State<Arc<Lab>>) -> (StatusCode, &'static str) {
    if lab.ready_ms.load(Ordering::Relaxed) > 0 {
        (StatusCode::OK, "ready\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready: not everybody has joined, or no checkout was answered\n",
        )
    }
}

/// Of a fault nothing before everybody may know it.
pub(super) async fn metrics(State(lab): State<Arc<Lab>>) -> String {
    own_metrics(&lab)
}

/// What the lab was started with.
pub(super) async fn plan(State(lab): State<Arc<Lab>>, caller: Caller) -> Result<Json<drill::Plan>, Refused> {
    caller.must_be(Role::Operator)?;
    Ok(Json(lab.plan.clone()))
}

pub(super) async fn status(State(lab): State<Arc<Lab>>, caller: Caller) -> Result<Json<Status>, Refused> {
    caller.must_be(Role::Observer)?;
    footprint::weigh(&lab, true).await;
    let weighed = lab.footprint.now();
    let ready_ms = lab.ready_ms.load(Ordering::Relaxed);
    let mib = |kib: u64| (kib as f64 / 102.4).round() / 10.0;
    let active = if caller.role == Role::Operator {
        faults::active(&faults::list(&lab).await).to_vec()
    } else {
        Vec::new()
    };
    let pulse = lab.pulse.borrow().clone();
    Ok(Json(Status {
        lab: lab.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ready_ms: (ready_ms > 0).then_some(ready_ms),
        policy_version: lab.policy.version(),
        processes: processes(&lab.directory.members(), &weighed),
        run: lab.run().map(|run| run.status(caller.role)),
        users: (pulse.users.ended > 0).then(|| pulse.users.clone()),
        faults: active,
        halted: lab.halted.load(Ordering::Relaxed),
        open_book: lab.open_book.open,
        rss_mib: mib(weighed.rss_kib),
        pss_mib: mib(weighed.pss_kib),
        samples: lab.prometheus.as_ref().map(|desk| desk.told()),
    }))
}

/// Everything that joined, and everything that the guard has, together.
fn processes(members: &[Member], weighed: &Weighed) -> Vec<ProcessStatus> {
    let mut all: Vec<ProcessStatus> = weighed
        .processes
        .iter()
        .map(|process| ProcessStatus {
            instance: process.instance.clone(),
            service: process.service.clone(),
            pid: process.pid,
            state: match process.state.as_str() {
                "up" if process.service == "guard" => "up".to_owned(),
                "up" => "starting".to_owned(),
                state => state.to_owned(),
            },
            traffic: String::new(),
            admin: String::new(),
            policy_version: 0,
            restarts: process.restarts,
            rss_kib: process.rss_kib,
            clock_offset_us: 0,
        })
        .collect();
    for member in members {
        let state = match member.state {
            MemberState::Up => Some("up"),
            MemberState::Lost => Some("lost"),
            // The guard knows what became of it.
            MemberState::Gone => None,
        };
        let known = all.iter_mut().find(|process| process.instance == member.instance);
        match (known, state) {
            // A guard of pods knows no process ids.
            (Some(process), Some(state))
                if process.pid == member.pid || process.pid == 0 && process.state == "starting" =>
            {
                process.pid = member.pid;
                state.clone_into(&mut process.state);
                process.traffic.clone_from(&member.traffic);
                process.admin.clone_from(&member.admin);
                process.policy_version = member.policy_version;
                process.clock_offset_us = member.offset_us;
            }
            (Some(_), _) => {}
            (None, state) => all.push(ProcessStatus {
                instance: member.instance.clone(),
                service: member.service.clone(),
                pid: member.pid,
                state: state.unwrap_or("exited").to_owned(),
                traffic: member.traffic.clone(),
                admin: member.admin.clone(),
                policy_version: member.policy_version,
                restarts: 0,
                rss_kib: 0,
                clock_offset_us: member.offset_us,
            }),
        }
    }
    all.sort_by(|a, b| a.instance.cmp(&b.instance));
    all
}
