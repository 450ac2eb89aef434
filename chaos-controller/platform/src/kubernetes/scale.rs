//! `stop` and `scale`: the StatefulSet has fewer instances, or more, until the fault ends. What it had is written on it by
//! the same patch that changes it, and removed by the same patch that restores it. Whoever changes the number in between
//! changes what is restored; whoever brings the instances back sees them go again.

use std::sync::Arc;
use std::time::Duration;

use fault::{Effect, Measure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::cluster::Cluster;
use super::ground::taken;
use super::host::Seen;
use super::names::BEFORE;
use super::set::Set;
use super::wait::LOOK_AGAIN;
use crate::guard::faults::{Acting, Failed, Tally, millis};
use crate::guard::host::Boxed;

/// What drains counts as there; what still drains by then is missing from the dose.
const DRAINED_WITHIN: Duration = Duration::from_secs(20);
/// A look can miss the moment of a change.
const MISSED: Duration = Duration::from_millis(500);

/// What is done, and undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Scaled {
    service: String,
    before: u32,
    to: u32,
}

impl Scaled {
    pub(super) fn plan(effect: &Effect, instances: &[String], seen: &Seen) -> Result<Self, Failed> {
        let set = of(instances, seen).ok_or_else(|| Failed("the service is gone".to_owned()))?;
        let to = match effect {
            Effect::Scale(of) => of.to,
            _ => set.wanted.saturating_sub(u32::try_from(instances.len()).unwrap_or(u32::MAX)),
        };
        Ok(Self { service: set.service.clone(), before: set.wanted, to })
    }
}

/// Why these cannot be stopped or scaled, if they cannot.
pub(super) fn why_not(effect: &Effect, instances: &[String], seen: &Seen) -> Option<String> {
    let name = effect.name();
    let set = of(instances, seen)?;
    if set.before.is_some() {
        return Some(taken(name, &set.service, "scaled"));
    }
    let all = instances.len() == set.wanted as usize;
    if matches!(effect, Effect::Scale(_)) {
        return (!all).then(|| format!("effect.scale: is of a service: put it on `{}`", set.service));
    }
    let stays = set.wanted.saturating_sub(u32::try_from(instances.len()).unwrap_or(u32::MAX));
    let last = (stays..set.wanted).all(|number| instances.contains(&set.instance(number)));
    (!last).then(|| {
        format!(
            "effect.stop: a StatefulSet goes from its last instance: put it on `{}` or on `{}`",
            set.instance(set.wanted.saturating_sub(1)),
            set.service
        )
    })
}

pub(super) async fn begin(cluster: Arc<Cluster>, acting: Acting) -> Result<Boxed<'static, ()>, Failed> {
    let Acting { undo, tally, .. } = acting;
    let plan: Scaled = read(&undo)?;
    // What is written there already is from a strike of the same fault that was not answered.
    let mark = json!({
        "metadata": {"annotations": {BEFORE: plan.before.to_string()}},
        "spec": {"replicas": plan.to},
    });
    if !cluster.patch_set(&plan.service, &mark).await? {
        return Err(Failed(format!("`{}` is gone", plan.service)));
    }
    tally.hit();
    Ok(Box::pin(watch(cluster, plan, tally)))
}

pub(super) async fn undo(cluster: &Cluster, undo: &Value) -> Result<(), Failed> {
    let plan: Scaled = read(undo)?;
    let sets = cluster.sets().await?;
    let marked = sets.iter().find(|set| set.service == plan.service).and_then(|set| set.before);
    // Without the mark it is as it was, or as somebody wants it since.
    let Some(before) = marked else { return Ok(()) };
    let restore = json!({
        "metadata": {"annotations": {BEFORE: Value::Null}},
        "spec": {"replicas": before},
    });
    cluster.patch_set(&plan.service, &restore).await.map(drop)
}

/// Sees to it that it stays so, and for how long it was so.
async fn watch(cluster: Arc<Cluster>, plan: Scaled, tally: Tally) {
    let begun = Instant::now();
    let (mut requested, mut delivered) = (Duration::ZERO, Duration::ZERO);
    let mut reached = false;
    let mut before = Instant::now();
    loop {
        sleep(LOOK_AGAIN).await;
        let passed = before.elapsed();
        before = Instant::now();
        let Ok(seen) = Seen::look(&cluster).await else {
            // Nobody saw it, so nobody may count it.
            continue;
        };
        let there = seen.pods.iter().filter(|pod| pod.service == plan.service).count();
        let so = there == plan.to as usize;
        if so && !reached {
            reached = true;
            tally.note("reached_after_ms", millis(begun.elapsed()));
        } else if reached || begun.elapsed() > DRAINED_WITHIN {
            requested += passed;
            delivered += if so { passed } else { Duration::ZERO };
        }
        let tolerance = millis(MISSED) + millis(requested) * 0.05;
        tally.measured(Measure::new("time scaled", "ms", millis(requested), millis(delivered), tolerance));
        tally.note("instances", there);
        let wanted = seen.sets.iter().find(|set| set.service == plan.service).map(|set| set.wanted);
        if wanted.is_some_and(|wanted| wanted != plan.to) {
            // An answer that is lost is followed by the next look.
            let _ = cluster.patch_set(&plan.service, &json!({"spec": {"replicas": plan.to}})).await;
        }
    }
}

/// The one service that the instances are of.
fn of<'a>(instances: &[String], seen: &'a Seen) -> Option<&'a Set> {
    seen.sets.iter().find(|set| instances.iter().all(|name| set.instances().any(|known| known == *name)))
}

fn read(undo: &Value) -> Result<Scaled, Failed> {
    serde_json::from_value(undo.clone())
        .map_err(|error| Failed(format!("the plan of the fault is unreadable: {error}")))
}
