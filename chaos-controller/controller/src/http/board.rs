//! One page about the lab: the figures of the samples, and what only the controller knows.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use process::monotonic_us;

use crate::alerts;
use crate::api::Role;
use crate::api::alerts::{Alert, AlertState};
use crate::api::board::{Board, Journey, Past};
use crate::board;
use crate::events::event_for;
use crate::lab::Lab;

use super::Caller;
use super::query::Unanswered;

/// Seconds of a journey's goodput.
const HISTORY: u64 = 60;
/// Seconds that its share is taken over.
const SHARE: usize = 5;

pub(super) async fn board(State(lab): State<Arc<Lab>>, caller: Caller) -> Result<Json<Board>, Unanswered> {
    let role = caller.must_be(Role::Observer)?.role;
    let now_us = monotonic_us();
    let lab_ms = lab.now_ms();
    let weighed = lab.footprint.now();
    let mib = |kib: u64| (kib as f64 / 102.4).round() / 10.0;
    let origin_us = lab.active_run().map_or(lab.start_us, |run| run.book.start_us);
    let page = Board {
        lab: lab.name.clone(),
        lab_ms,
        t_ms: now_us.saturating_sub(origin_us) / 1000,
        run: lab.run().map(|run| run.status(role)),
        policy_version: lab.policy.version(),
        alerts: alerts::firing(&lab),
        firing: firing(&lab),
        halted: lab.halted.load(Ordering::Relaxed),
        rss_mib: mib(weighed.rss_kib),
        journeys: journeys(&lab, now_us / 1_000_000),
        events: past(&lab, role, lab_ms),
        ..Board::default()
    };
    let mut page = lab
        .samples
        .ask(move |held| {
            let mut page = page;
            board::fill(&mut page, held.samples(), lab_ms);
            page
        })
        .await?;
    for service in &mut page.services {
        let own = weighed.processes.iter().filter(|process| process.service == service.service);
        service.rss_mib = mib(own.map(|process| process.rss_kib).sum());
    }
    Ok(Json(page))
}

fn firing(lab: &Lab) -> Vec<Alert> {
    let mut told = alerts::told(lab).alerts;
    told.retain(|alert| alert.state == AlertState::Firing);
    told
}

/// Goodput by journey, up to the last second that is over.
fn journeys(lab: &Lab, second: u64) -> Vec<Journey> {
    let live = lab.live();
    let mut journeys: Vec<Journey> = Vec::new();
    let mut totals: Vec<(u64, u64)> = Vec::new();
    // The generator reports each 100 ms: of the second before, all has been told but a last moment.
    let last = second.saturating_sub(1);
    for (n, second) in (last.saturating_sub(HISTORY - 1)..=last).rev().enumerate() {
        for (index, seen) in live.second(second).journeys.into_iter().enumerate() {
            if journeys.len() <= index {
                journeys.push(Journey { journey: seen.journey.clone(), ..Journey::default() });
                totals.push((0, 0));
            }
            let share = (seen.ended > 0).then(|| seen.good as f64 / seen.ended as f64);
            journeys[index].history.push(share);
            if n < SHARE {
                totals[index].0 += seen.good;
                totals[index].1 += seen.ended;
            }
        }
    }
    for (journey, (good, ended)) in journeys.iter_mut().zip(totals) {
        journey.history.reverse();
        journey.goodput = (ended > 0).then(|| good as f64 / ended as f64);
    }
    journeys
}

fn past(lab: &Lab, role: Role, lab_ms: u64) -> Vec<Past> {
    lab.recent_events()
        .into_iter()
        .filter_map(|(t_ms, event)| {
            Some(Past { ago_ms: lab_ms.saturating_sub(t_ms), event: event_for(role, &event)? })
        })
        .collect()
}
