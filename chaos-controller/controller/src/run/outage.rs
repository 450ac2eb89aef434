//! From the fault to its end: the faults by the timeline, the handover, the script or the person, and the hold.
//!
//! A script plays by the timeline and the faults end by it. With a person the clock starts at the handover, when the
//! outage is proven, and the faults hold, or keep coming back, until the shop is declared recovered or the budget is
//! spent. Where recovery is
//! judged after the trigger is gone (`aftermath.rs`), the faults end by the timeline for both.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use drill::{Journey, LATE_HANDOVER, Plan};
use evidence::kind::phase;
use tokio::time::Instant;

use crate::faults::Cause;
use crate::lab::Lab;

use super::recent::Recent;
use super::rounds::{Round, rounds};
use super::script::Playing;
use super::{Ended, Run, aftermath, dose, script, surge, target};

/// Less than this share of the checkouts that should have come is answered well.
const SILENCE: f64 = 0.5;
/// For so many seconds in a row.
const OUTAGE_SECONDS: usize = 2;
/// A handover takes its time, and a phase in which nobody sends a request cannot be judged.
const HANDING_OVER: Duration = Duration::from_secs(1);

/// Between two looks at a measurement.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The measurements that have begun.
type Doses = Arc<Mutex<Vec<dose::Measuring>>>;

/// What the outage leaves behind for the phases after it.
pub(crate) struct Left {
    /// The measurements of its faults' doses.
    pub(crate) doses: Vec<dose::Measuring>,
    /// The script: it may act until the replay locks the shop.
    pub(crate) script: Option<Playing>,
}

/// Plays the outage.
pub(crate) async fn outage(lab: &Arc<Lab>, run: &Arc<Run>, recent: &mut Recent) -> Result<Left, Ended> {
    run.enter(lab, phase::INJECT)?;
    let t0 = Instant::now();
    let by_timeline = run.plan.candidate.is_some() || run.plan.aftermath.is_some();
    let doses = Doses::default();
    let mut timeline =
        tokio::spawn(inject(Arc::clone(lab), Arc::clone(run), t0, by_timeline, Arc::clone(&doses)));
    let script = script::spawn(lab, run, t0);
    let played = async {
        if let Some(stated) = &run.plan.aftermath {
            aftermath::prove(lab, run, stated, t0).await?;
        }
        handover(lab, run, recent, t0).await?;
        run.pause(HANDING_OVER).await?;
        run.enter(lab, phase::RECOVER)?;
        recover(lab, run, recent, t0).await
    };
    let mut played = std::pin::pin!(played);
    let mut injected = false;
    let played = loop {
        tokio::select! {
            played = &mut played => break played,
            ended = &mut timeline, if !injected => match ended {
                Ok(Ok(())) => injected = true,
                Ok(Err(ended)) => break Err(ended),
                Err(_) => break Err(Ended::Void("the timeline of faults broke off".to_owned())),
            },
        }
    };
    timeline.abort();
    // Those that had begun are concluded, also when the shop was declared recovered before the last one.
    let doses = std::mem::take(&mut *doses.lock().expect("no code panics while it holds the doses"));
    played?;
    // With a person a round may have only just begun; half of it is enough to measure it.
    while run.plan.holds_for_a_person() && doses.last().is_some_and(|dose| !dose.is_taken()) {
        run.pause(LOOK_AGAIN).await?;
    }
    surge::ends(lab, run).await?;
    Ok(Left { doses, script })
}

/// The faults, each at its time.
async fn inject(
    lab: Arc<Lab>,
    run: Arc<Run>,
    t0: Instant,
    by_timeline: bool,
    doses: Doses,
) -> Result<(), Ended> {
    surge::on(&lab, &run, t0).await?;
    for Round { id, at, fault } in rounds(&run.plan) {
        run.until(t0 + at).await?;
        // A fault of the script's timeline ends by itself; with a person it holds, unless it comes and goes.
        let length = (by_timeline || fault.repeat.is_some()).then_some(fault.length);
        let cause = Cause { why: "timeline", actor: "controller" };
        if !target::apply(&lab, &id, &fault.target, &fault.spec, length, cause).await? {
            continue;
        }
        let measuring = dose::measure(&lab, &run, &id, &fault.spec, fault.length);
        doses.lock().expect("no code panics while it holds the doses").push(measuring);
    }
    Ok(())
}

async fn handover(lab: &Lab, run: &Run, recent: &mut Recent, t0: Instant) -> Result<(), Ended> {
    let plan = &run.plan;
    if let Some(candidate) = &plan.candidate {
        let first_step = candidate.steps.iter().find(|step| step.when.is_none()).map(|step| t0 + step.at);
        let moment = plan.handover.map(|after| t0 + after).or(first_step).unwrap_or(t0);
        run.until(moment.min(t0 + plan.recovery_end())).await?;
    } else {
        let latest = t0 + plan.handover.unwrap_or(plan.heal_at()) + LATE_HANDOVER;
        let earliest = t0 + plan.handover.unwrap_or_default();
        recent.restart();
        loop {
            recent.next(run).await?;
            let now = Instant::now();
            if (now >= earliest && is_out(lab, plan, recent)) || now >= latest {
                break;
            }
        }
    }
    run.enter(lab, phase::HANDOVER)?;
    Ok(())
}

/// Whether there is an outage to hand over: a journey is served worse than the drill calls recovered, or checkouts are
/// not answered at all and nobody has given up yet.
fn is_out(lab: &Lab, plan: &Plan, recent: &Recent) -> bool {
    let checkout = usize::from(Journey::Checkout.index());
    let rate = lab.load.rates()[checkout] * plan.load.surge.map_or(1.0, |surge| surge.factor);
    recent.goodput(OUTAGE_SECONDS).is_some_and(|(_, worst)| worst < plan.thresholds.goodput)
        || recent.answered(checkout, rate, OUTAGE_SECONDS).is_some_and(|share| share < SILENCE)
}

/// Until the time to recover ends: by the timeline, or when a person says so, or the budget is spent.
async fn recover(lab: &Lab, run: &Run, recent: &mut Recent, t0: Instant) -> Result<(), Ended> {
    let plan = &run.plan;
    let seconds = (plan.windows.length.as_secs_f64() * f64::from(plan.windows.count)).ceil() as usize;
    if plan.candidate.is_none() {
        // Who declared the shop recovered before it was handed over spoke of something else.
        run.declared.send_replace(false);
        let mut declared = run.declared.subscribe();
        tokio::select! {
            declared = declared.wait_for(|declared| *declared) => { declared.map_err(|_| Ended::Interrupted)?; }
            paused = run.pause(plan.budget) => paused?,
        }
        run.enter(lab, phase::HOLD)?;
        return run.pause(plan.hold).await;
    }
    let end = t0 + plan.recovery_end();
    recent.restart();
    let mut holding = false;
    loop {
        tokio::select! {
            pulse = recent.next(run) => { pulse?; }
            waited = run.until(end) => return waited,
        }
        let recovered = recent.goodput(seconds).is_some_and(|(_, worst)| worst >= plan.thresholds.goodput);
        if recovered && !holding && Instant::now() + HANDING_OVER < end {
            holding = true;
            run.enter(lab, phase::HOLD)?;
        }
    }
}
