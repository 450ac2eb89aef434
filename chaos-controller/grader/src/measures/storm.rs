//! What a shop that is down by itself looks like: the figures of the metastable state over the whole of its time, and
//! what they come from. Judging them is the proof's (`proofs/metastable.rs`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::finding::round;
use crate::proofs::metastable;
use crate::query;

/// The metastable state, from `from` to `to` seconds after the fault's start. Shares from 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Storm {
    pub from: f64,
    pub to: f64,
    /// Of the journey that the drill names.
    pub goodput: Option<f64>,
    /// Attempts per call on the edge that the drill names.
    pub amplification: Option<f64>,
    /// Attempts on that edge per request of the journey that users made: the retries of all layers together.
    pub attempts_per_offered: Option<f64>,
    /// Mean share of the pool's workers that are busy.
    pub busy: Option<f64>,
    /// Means over the time.
    pub workers_busy: Option<f64>,
    pub queue_depth: Option<f64>,
    /// Of what the service finished, the share whose caller had left.
    pub waste: Option<f64>,
}

pub(super) fn measure(case: &Case<'_>) -> Option<Storm> {
    let state = case.plan.aftermath.as_ref()?.metastable.as_ref()?;
    let span = metastable::span(case, state)?;
    let samples = &case.recording.samples;
    let over = Duration::from_millis(span.to.saturating_sub(span.from));
    let figures = state.figures(over).map(|figure| {
        let found = query::vector(samples, &figure.promql, span.to);
        found.first().map(|(_, value)| round(*value)).filter(|value| value.is_finite())
    });
    let tally = metastable::tally(case, state, span);
    let offered = tally.map(|tally| tally.offered).filter(|offered| *offered > 0);
    let (caller, callee) = state.edge();
    let attempts = samples.increase(
        "lab_client_attempts_total",
        &[("service", caller), ("target", callee)],
        span.from,
        span.to,
    );
    let pool = [("service", state.busy.service.as_str()), ("pool", "main")];
    let mean = |name| samples.time_weighted_mean(name, &pool, span.from, span.to).map(round);
    Some(Storm {
        from: round(case.moments.seconds(span.from)),
        to: round(case.moments.seconds(span.to)),
        goodput: tally.and_then(|tally| tally.share()).map(round),
        amplification: figures[1],
        attempts_per_offered: attempts
            .zip(offered)
            .map(|(attempts, offered)| round(attempts / offered as f64)),
        busy: figures[2],
        workers_busy: mean("lab_workers_busy"),
        queue_depth: mean("lab_queue_depth"),
        waste: figures[3],
    })
}
