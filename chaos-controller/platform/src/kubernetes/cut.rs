//! `disconnect`: pods are cut off by a policy, and it is begun when the guard has seen them cut: neither a new connection
//! to their admin ports nor one that stood before gets through. Where one does, the fault is refused: the shop's calls
//! are on connections that stand, so an engine that leaves those alone cuts nothing off.
//!
//! Only the way in is probed. The way out is in the same policy; a process that still gets out keeps joining the
//! controller, which shows.

use std::sync::Arc;
use std::time::Duration;

use fault::Measure;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::cluster::Cluster;
use super::instance::Instance;
use super::names::CONNECTED;
use super::policy::deny;
use super::probe::{Line, Probe};
use super::wait::LOOK_AGAIN;
use crate::guard::faults::{Acting, Failed, Tally, millis};
use crate::guard::host::Boxed;

/// Engines follow in one or two seconds; whoever asked the guard waits ten.
const CUT_WITHIN: Duration = Duration::from_secs(6);
/// Between two looks while it lasts: each can wait a second itself.
const WATCH: Duration = Duration::from_secs(1);
/// A look can miss the moment of a change.
const MISSED: Duration = Duration::from_secs(3);

/// What is done, and undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cut {
    policy: String,
    pods: Vec<String>,
}

/// A pod, and the connection to it that stood before.
struct Held {
    name: String,
    address: String,
    line: Box<dyn Line>,
}

impl Cut {
    pub(super) fn plan(instances: &[String]) -> Self {
        // Nobody is cut off twice, so the first name is enough.
        let first = instances.first().map_or("nobody", String::as_str);
        Self { policy: format!("firedrill-cut-{first}"), pods: instances.to_vec() }
    }
}

pub(super) async fn begin(
    cluster: Arc<Cluster>,
    probe: Arc<dyn Probe>,
    acting: Acting,
) -> Result<Boxed<'static, ()>, Failed> {
    let cut = read(&acting.undo)?;
    let mut held = Vec::new();
    for pod in pods(&cluster, &cut).await? {
        let line = probe.open(&pod.address).await.ok_or_else(|| {
            Failed(format!(
                "`{}` ({}) does not answer the guard as it is, so a cut could not be seen; is it ready?",
                pod.name, pod.address
            ))
        })?;
        held.push(Held { name: pod.name, address: pod.address, line });
    }
    if held.len() < cut.pods.len() {
        return Err(Failed(format!(
            "only {} of {} pods are there to be cut off",
            held.len(),
            cut.pods.len()
        )));
    }
    cluster.make_policy(&deny(&cut.policy, &cut.pods)).await?;
    label(&cluster, &cut.pods, false).await?;
    let begun = Instant::now();
    while let Some(way) = way_in(probe.as_ref(), &mut held).await {
        if begun.elapsed() >= CUT_WITHIN {
            return Err(Failed(format!("{way}; undone")));
        }
        sleep(LOOK_AGAIN).await;
    }
    acting.tally.note("cut_after_ms", millis(begun.elapsed()));
    held.iter().for_each(|_| acting.tally.hit());
    Ok(Box::pin(watch(cluster, probe, cut, acting.tally)))
}

pub(super) async fn undo(cluster: &Cluster, undo: &Value) -> Result<(), Failed> {
    let cut = read(undo)?;
    label(cluster, &cut.pods, true).await?;
    cluster.remove_policy(&cut.policy).await.map(drop)
}

/// A way that is still open, in words; `None` if all are cut off.
async fn way_in(probe: &dyn Probe, held: &mut [Held]) -> Option<String> {
    let ways = join_all(held.iter_mut().map(|pod| pod.way_in(probe))).await;
    ways.into_iter().flatten().next()
}

impl Held {
    async fn way_in(&mut self, probe: &dyn Probe) -> Option<String> {
        let (new, stands) = tokio::join!(probe.open(&self.address), self.line.answers());
        let (name, within) = (&self.name, CUT_WITHIN.as_secs());
        if new.is_some() {
            return Some(format!(
                "{within} s after the policy was made a new connection to `{name}` still got through: this cluster has \
                 no engine for NetworkPolicies (or another policy allows it)"
            ));
        }
        stands.then(|| {
            format!(
                "{within} s after the policy was made a connection to `{name}` that stood before still got through: this \
                 cluster's engine cuts new connections only, and those of the shop stand"
            )
        })
    }
}

/// Sees to it that who is started again is cut off too, and for how long all were.
async fn watch(cluster: Arc<Cluster>, probe: Arc<dyn Probe>, cut: Cut, tally: Tally) {
    let (mut requested, mut delivered) = (Duration::ZERO, Duration::ZERO);
    let mut before = Instant::now();
    loop {
        sleep(WATCH).await;
        let Ok(now) = pods(&cluster, &cut).await else {
            // Nobody saw it, so nobody may count it.
            before = Instant::now();
            continue;
        };
        let strangers: Vec<String> =
            now.iter().filter(|pod| pod.connected).map(|pod| pod.name.clone()).collect();
        if !strangers.is_empty() {
            // One that fails is tried again at the next look.
            let _ = label(&cluster, &strangers, false).await;
        }
        let lines = join_all(now.iter().map(|pod| probe.open(&pod.address))).await;
        let open = u32::try_from(lines.iter().flatten().count()).unwrap_or(u32::MAX);
        let passed = before.elapsed();
        before = Instant::now();
        let there = u32::try_from(now.len()).unwrap_or(u32::MAX);
        requested += passed * there;
        delivered += passed * (there - open);
        let tolerance = millis(MISSED) * f64::from(there.max(1)) + millis(requested) * 0.05;
        tally.measured(Measure::new("time cut off", "ms", millis(requested), millis(delivered), tolerance));
    }
}

/// The pods of the cut that run and have an address.
async fn pods(cluster: &Cluster, cut: &Cut) -> Result<Vec<Instance>, Failed> {
    let ours = |pod: &Instance| cut.pods.contains(&pod.name) && pod.is_up() && !pod.address.is_empty();
    Ok(cluster.instances().await?.into_iter().filter(ours).collect())
}

async fn label(cluster: &Cluster, pods: &[String], connected: bool) -> Result<(), Failed> {
    let patch = json!({"metadata": {"labels": {CONNECTED: connected.to_string()}}});
    for pod in pods {
        cluster.patch_pod(pod, &patch).await?;
    }
    Ok(())
}

fn read(undo: &Value) -> Result<Cut, Failed> {
    serde_json::from_value(undo.clone())
        .map_err(|error| Failed(format!("the plan of the fault is unreadable: {error}")))
}
