//! The run's phases in their order. One function per phase; each ends by itself or by an abort.

use std::sync::Arc;
use std::time::Duration;

use evidence::kind::{self, phase};
use serde_json::json;
use tokio::time::Instant;

use crate::bank::{self, BANK};
use crate::causes::chain;
use crate::faults::{self, Cause};
use crate::lab::Lab;

use super::conditions::{self, SteadyState};
use super::recent::Recent;
use super::{Ended, Run, dose, outage, settle, surge, target};

/// A baseline that is not there this long after its time will not come.
const BASELINE_GRACE: Duration = Duration::from_secs(30);
/// Name of the fault that the replay is.
const REPLAY: &str = "replay";
/// The bank's own latency is found again within this share.
pub(crate) const HEALTHY_SHARE: f64 = 0.2;
/// After this share of the quiet time nobody looks again whether the trigger is gone: its rest must be quiet.
const LATEST_LOOK: f64 = 0.8;
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// Probes of the bank's own latency.
const PROBES: usize = 5;

/// From the baseline to the settlement, unless a guardrail stops it.
pub(crate) async fn play(lab: &Arc<Lab>, run: &Arc<Run>) -> Result<(), Ended> {
    let mut phases = std::pin::pin!(phases(lab, run));
    tokio::select! {
        played = &mut phases => played,
        stopped = conditions::guard(lab, run) => {
            // Nobody of this run acts any more before its faults are cleared.
            run.abort.cancel();
            let _ = phases.await;
            Err(stopped)
        }
    }
}

async fn phases(lab: &Arc<Lab>, run: &Arc<Run>) -> Result<(), Ended> {
    let mut recent = Recent::new(lab.pulse.subscribe());
    baseline(lab, run, &mut recent).await?;
    let outage::Left { mut doses, script } = outage::outage(lab, run, &mut recent).await?;
    clear(lab, run).await?;
    // From here on nobody acts: what survives the replay is the policy.
    drop(script);
    doses.extend(replay(lab, run).await?);
    settle::settle(lab, run).await?;
    dose::conclude(lab, run, doses).await;
    Ok(())
}

/// Proves the steady state. What is before its last part is warm-up.
async fn baseline(lab: &Lab, run: &Run, recent: &mut Recent) -> Result<(), Ended> {
    run.enter(lab, phase::BASELINE)?;
    let plan = &run.plan.baseline;
    let seconds = (plan.proven_for.as_secs_f64().ceil() as usize).max(1);
    let earliest = Instant::now() + plan.length;
    let latest = earliest + BASELINE_GRACE;
    let mut steady = SteadyState::new(run);
    loop {
        recent.next(run).await?;
        steady.look(lab).await;
        let missing = steady.missing();
        let worst = recent.goodput(seconds);
        let well = worst.as_ref().is_some_and(|(_, share)| *share >= plan.goodput);
        let good = well && missing.is_empty();
        if (good && Instant::now() >= earliest) || Instant::now() >= latest {
            let mut detail = match &worst {
                Some((journey, share)) => format!("worst journey {journey}: {:.2} % good", share * 100.0),
                None => "not every journey was answered".to_owned(),
            };
            if !missing.is_empty() {
                detail = format!("{detail}; steady state did not hold: {}", missing.join(", "));
            }
            lab.note(kind::PROOF, "controller", json!({"name": "baseline", "ok": good, "detail": detail}))?;
            if good {
                return surge::begins(lab, run).await;
            }
            return Err(Ended::Void(format!("no healthy baseline: {detail}")));
        }
    }
}

/// Removes the trigger and proves that it is gone; then a quiet time.
async fn clear(lab: &Arc<Lab>, run: &Run) -> Result<(), Ended> {
    run.enter(lab, phase::CLEAR)?;
    let quiet = Instant::now() + run.plan.clear;
    // A bank that was killed last is started again within seconds, and is the old one then: the quiet time has room.
    let latest = Instant::now() + run.plan.clear.mul_f64(LATEST_LOOK);
    let (ok, detail) = loop {
        let stuck = faults::clear_all(lab, "the end of the timeline", false).await;
        let (ok, detail) = if stuck.is_empty() {
            bank_is_itself(lab, run, "clear").await
        } else {
            (false, format!("not cleared: {}", stuck.join(", ")))
        };
        if ok || Instant::now() >= latest {
            break (ok, detail);
        }
        run.pause(LOOK_AGAIN).await?;
    };
    lab.note(kind::PROOF, "controller", json!({"name": "trigger_removed", "ok": ok, "detail": detail}))?;
    run.until(quiet).await
}

/// Whether the bank has no fault and its own latency.
pub(crate) async fn bank_is_itself(lab: &Lab, run: &Run, purpose: &str) -> (bool, String) {
    match faults::active_ids(lab).await {
        Ok(active) if active.is_empty() => {}
        Ok(active) => return (false, format!("active: {}", active.join(", "))),
        Err(error) => return (false, format!("not every fault is told: {}", chain(&error))),
    }
    let Some(member) = lab.directory.first(BANK) else { return (false, "the bank is not up".to_owned()) };
    let purpose = format!("{}-{purpose}", run.book.name);
    match bank::probe_median(&member, &purpose, PROBES).await {
        Ok(median) => {
            let own = run.plan.bank.latency;
            let off = (median.as_secs_f64() - own.as_secs_f64()).abs();
            let detail = format!("no fault; median of {PROBES} probes {median:.1?}, own latency {own:.1?}");
            (off <= own.as_secs_f64() * HEALTHY_SHARE, detail)
        }
        Err(error) => (false, format!("the bank does not answer a probe: {}", chain(&error))),
    }
}

/// Fires the trigger again, as a step. The shop is locked from here to the verdict.
async fn replay(lab: &Arc<Lab>, run: &Arc<Run>) -> Result<Option<dose::Measuring>, Ended> {
    run.lock();
    run.enter(lab, phase::REPLAY)?;
    let plan = &run.plan.replay;
    let over = Instant::now() + plan.length;
    let Some(spec) = &plan.spec else {
        surge::again(lab, run, over).await?;
        return Ok(None);
    };
    let cause = Cause { why: "replay", actor: "controller" };
    if !target::apply(lab, REPLAY, &plan.target, spec, None, cause).await? {
        run.until(over).await?;
        return Ok(None);
    }
    let measuring = dose::measure(lab, run, REPLAY, spec, plan.length);
    run.until(over).await?;
    if let Err(error) = faults::clear(lab, REPLAY, "the end of the replay", "controller", false).await {
        tracing::error!(error = chain(&error), "the replay is left to its lease");
    }
    Ok(Some(measuring))
}
