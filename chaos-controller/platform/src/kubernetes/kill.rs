//! `kill`: the pod is deleted, at once and then by the clock, and its StatefulSet makes another one. It has been hit when
//! its uid is gone: the cluster removes it when its node says that the container is dead.
//!
//! The grace is a second (SIGTERM, SIGKILL a second later), because none at all is not harder but softer: the pod is
//! then forgotten at once, and its node gives the container the grace of the manifest.

use std::sync::Arc;
use std::time::Duration;

use fault::{Kill, Measure};
use tokio::time::{Instant, sleep, sleep_until};

use super::cluster::Cluster;
use super::instance::Instance;
use super::wait::LOOK_AGAIN;
use crate::guard::faults::{Acting, Failed, Tally, millis};
use crate::guard::host::Boxed;

/// The least that a node gives anyway.
const GRACE_S: u32 = 1;
/// A pod that is not gone by then is on a node that does not answer.
const GONE_WITHIN: Duration = Duration::from_secs(15);

/// What was done so far.
#[derive(Default)]
struct Strikes {
    taken: u64,
    requested: u64,
    not_there: u64,
    /// Deleted, and not yet seen gone.
    dying: Vec<(Instance, Instant)>,
    gone: Vec<Duration>,
    /// Gone, and not yet seen again.
    awaited: Vec<(Instance, Instant)>,
    again: Vec<Duration>,
}

pub(super) async fn begin(
    of: Kill,
    cluster: Arc<Cluster>,
    acting: Acting,
) -> Result<Boxed<'static, ()>, Failed> {
    let begun = Instant::now();
    let mut strikes = Strikes::default();
    strikes.strike(&cluster, &acting, 1).await?;
    Ok(Box::pin(async move {
        loop {
            strikes.look(&cluster, &acting.tally).await;
            let due = of.due(begun.elapsed());
            if due > strikes.taken {
                if let Err(error) = strikes.strike(&cluster, &acting, due).await {
                    acting.tally.note("last_error", error.to_string());
                }
                continue;
            }
            let next = of.every.map(|every| begun + every.get() * u32::try_from(due).unwrap_or(u32::MAX));
            match next {
                Some(next) => sleep_until(next.min(Instant::now() + LOOK_AGAIN)).await,
                None => sleep(LOOK_AGAIN).await,
            }
        }
    }))
}

impl Strikes {
    /// The last of the `due` turns is taken now; those that were slept through ask for all.
    async fn strike(&mut self, cluster: &Cluster, acting: &Acting, due: u64) -> Result<(), Failed> {
        let all = acting.instances.len() as u64;
        let missed = due.saturating_sub(self.taken + 1);
        self.taken = due;
        self.requested += missed * all;
        let pods = cluster.instances().await?;
        let up: Vec<Instance> =
            pods.into_iter().filter(|pod| acting.instances.contains(&pod.name) && pod.is_up()).collect();
        self.not_there += all.saturating_sub(up.len() as u64);
        self.requested += up.len() as u64;
        for pod in up {
            if cluster.delete(&pod, GRACE_S).await? {
                self.dying.push((pod, Instant::now()));
            }
        }
        Ok(())
    }

    async fn look(&mut self, cluster: &Cluster, tally: &Tally) {
        if self.dying.is_empty() && self.awaited.is_empty() {
            return self.tell(tally);
        }
        let pods = match cluster.instances().await {
            Ok(pods) => pods,
            Err(error) => return tally.note("last_error", error.to_string()),
        };
        let (gone, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.dying)
            .into_iter()
            .partition(|(old, _)| pods.iter().all(|pod| pod.uid != old.uid));
        for (old, told) in gone {
            tally.hit();
            self.gone.push(told.elapsed());
            self.awaited.push((old, told));
        }
        self.dying = left.into_iter().filter(|(_, told)| told.elapsed() < GONE_WITHIN).collect();
        let up = |old: &Instance| pods.iter().any(|pod| pod.name == old.name && pod.is_up());
        let (back, away): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.awaited).into_iter().partition(|(old, _)| up(old));
        self.again.extend(back.into_iter().map(|(_, told)| told.elapsed()));
        self.awaited = away;
        self.tell(tally);
    }

    fn tell(&self, tally: &Tally) {
        let delivered = self.gone.len() as f64;
        // What was told a moment ago may still be dying.
        let tolerance = self.dying.len() as f64;
        tally.measured(Measure::new("kills", "", self.requested as f64, delivered, tolerance));
        tally.note("not_there", self.not_there);
        tally.note("gone_after_ms", millis(median(&self.gone)));
        tally.note("again_after_ms", millis(median(&self.again)));
    }
}

/// The middle one; zero of nothing.
fn median(values: &[Duration]) -> Duration {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
