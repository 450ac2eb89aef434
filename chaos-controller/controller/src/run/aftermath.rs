//! Between the end of the trigger and the handover, where recovery is judged afterwards: that the trigger is gone is
//! proven before the shop's state is looked at and again when the look is over, and the state itself is told to who
//! watches. What counts is what the grader finds in the recording.

use std::sync::Arc;
use std::time::Duration;

use drill::{Aftermath, Figure, Metastable};
use evidence::kind;
use evidence::promql::{Query, Value};
use process::monotonic_us;
use serde_json::json;
use tokio::time::Instant;

use crate::alerts;
use crate::bank::{self, BANK};
use crate::causes::chain;
use crate::faults;
use crate::lab::Lab;

use super::{Ended, Run};

/// Probes of the bank: the p99 of a hundred is the second slowest.
const PROBES: usize = 100;
/// A healthy bank answers its p99 within this many times its own latency: 150 ms for one of 100 ms.
const HEALTHY: f64 = 1.5;
/// Where there is no state to be proven, the trigger must be proven gone within this.
const USUALLY_WITHIN: Duration = Duration::from_secs(10);
/// The last look begins this long before the time is over: a script acts at its end, and the probes take a second.
const LAST_LOOK: Duration = Duration::from_secs(3);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// From the end of the last fault to the handover.
pub(super) async fn prove(
    lab: &Arc<Lab>,
    run: &Arc<Run>,
    stated: &Aftermath,
    t0: Instant,
) -> Result<(), Ended> {
    let heal = t0 + run.plan.heal_at();
    run.until(heal).await?;
    let look_until = heal + stated.metastable.as_ref().map_or(USUALLY_WITHIN, |state| state.from);
    removed(lab, run, t0, look_until).await?;
    let Some(state) = &stated.metastable else { return Ok(()) };
    run.until(heal + state.to.saturating_sub(LAST_LOOK)).await?;
    told(lab, run, state, t0).await?;
    removed(lab, run, t0, Instant::now() + USUALLY_WITHIN).await
}

/// Proves that the trigger is gone. Whoever goes on without would prove something about a sick bank.
async fn removed(lab: &Lab, run: &Run, t0: Instant, latest: Instant) -> Result<(), Ended> {
    let (ok, detail) = loop {
        let (ok, detail) = bank_is_fast(lab, run, t0).await;
        if ok || Instant::now() >= latest {
            break (ok, detail);
        }
        run.pause(LOOK_AGAIN).await?;
    };
    lab.note(kind::PROOF, "controller", json!({"name": "trigger_removed", "ok": ok, "detail": detail}))?;
    if ok { Ok(()) } else { Err(Ended::Void(format!("the trigger is not gone: {detail}"))) }
}

async fn bank_is_fast(lab: &Lab, run: &Run, t0: Instant) -> (bool, String) {
    let at = t0.elapsed().as_secs_f64();
    match faults::active_ids(lab).await {
        Ok(active) if active.is_empty() => {}
        Ok(active) => {
            return (false, format!("active {at:+.1} s after the fault's start: {}", active.join(", ")));
        }
        Err(error) => return (false, format!("not every fault is told: {}", chain(&error))),
    }
    let Some(member) = lab.directory.first(BANK) else { return (false, "the bank is not up".to_owned()) };
    let purpose = format!("{}-removed-{}", run.book.name, t0.elapsed().as_millis());
    match bank::probe_latencies(&member, &purpose, PROBES).await {
        Ok(sorted) => {
            let quantile = |q: f64| {
                let rank = (sorted.len() as f64 * q).ceil() as usize;
                sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
            };
            let (p50, p99) = (quantile(0.5), quantile(0.99));
            let most = run.plan.bank.latency.mul_f64(HEALTHY);
            let detail = format!(
                "{at:+.1} s after the fault's start: no fault; {} probes of the bank, p50 {p50:.1?}, p99 {p99:.1?} of at most {most:.0?}",
                sorted.len()
            );
            (p99 < most, detail)
        }
        Err(error) => (false, format!("the bank does not answer a probe: {}", chain(&error))),
    }
}

/// Tells how the shop is. If somebody has acted, nobody can say what it would have been without.
async fn told(lab: &Lab, run: &Run, state: &Metastable, t0: Instant) -> Result<(), Ended> {
    let over = state.to.saturating_sub(state.from);
    // The newest scrape is in, so now is not before it.
    let t_ms = monotonic_us().saturating_sub(lab.start_us) / 1000;
    let mut details = Vec::new();
    let mut holds = true;
    for figure in state.figures(over) {
        let value = asked(lab, &figure, t_ms).await;
        holds &= value.is_some_and(|value| figure.holds(value));
        let value = value.map_or("unknown".to_owned(), |value| format!("{value:.2}"));
        let side = if figure.above { ">" } else { "<" };
        details.push(format!("{} {value} ({side} {})", figure.name, figure.limit));
    }
    let acted = run.acted();
    let at = t0.elapsed().as_secs_f64();
    let detail = match (acted, holds) {
        (true, _) => format!("not asked for, somebody has acted: {}", details.join(", ")),
        (false, _) => format!("{at:+.1} s after the fault's start, for {over:?}: {}", details.join(", ")),
    };
    lab.note(
        kind::PROOF,
        "controller",
        json!({"name": "metastable", "ok": holds || acted, "detail": detail}),
    )?;
    Ok(())
}

async fn asked(lab: &Lab, figure: &Figure, t_ms: u64) -> Option<f64> {
    let query = Query::parse(&figure.promql).ok()?;
    match alerts::answer(lab, &query, t_ms).await? {
        Value::Vector(found) => found.first().map(|sample| sample.value),
        Value::Scalar(value) => Some(value),
        Value::Matrix(_) | Value::Text(_) => None,
    }
}
