//! `kill`: SIGKILL, at once and then by the clock. To the engine it is a stop by hand, so the guard starts the container
//! again; one that is not there when its turn comes cannot be killed, and is told beside the dose.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fault::{Kill, Measure};
use futures_util::future::join_all;
use tokio::task::JoinSet;

use super::revive::revive;
use super::site::Site;
use crate::docker::container::{Condition, Container};
use crate::guard::faults::{Turns, millis};

/// A killed container is gone within this, or the engine has other troubles.
const GONE_WITHIN: Duration = Duration::from_secs(20);
/// Between two looks at whether it is.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

pub(super) async fn act(of: Kill, site: Site) {
    let all = site.instances.len() as u64;
    let mut turns = Turns::default();
    let (mut kills, mut slowest) = (0_u64, Duration::ZERO);
    // Dropped with this future; what they leave undone is undone with the fault.
    let mut starting = JoinSet::new();
    loop {
        let mut up = site.look().await;
        up.retain(|container| container.condition == Condition::Up);
        turns.take(of.due(site.applied.elapsed()), up.len() as u64, all);
        // Told before it is seen: a fault that is ended meanwhile has asked for it.
        let told = |kills: u64| Measure::new("kills", "", turns.requested as f64, kills as f64, 0.0);
        site.tally.measured(told(kills));
        let took = join_all(up.iter().map(|container| kill(&site, container))).await;
        for (container, took) in up.into_iter().zip(took) {
            if let Some(took) = took {
                kills += 1;
                slowest = slowest.max(took);
                site.tally.hit();
            }
            starting.spawn(revive(Arc::clone(&site.platform.engine), container));
        }
        site.tally.measured(told(kills));
        site.tally.note("not_there", turns.not_there);
        site.tally.note("gone_after_ms", millis(slowest));
        match of.every {
            Some(every) => {
                let next = site.applied + every.get() * u32::try_from(turns.taken).unwrap_or(u32::MAX);
                tokio::time::sleep_until(next.into()).await;
                while starting.try_join_next().is_some() {}
            }
            // Its revival goes on meanwhile.
            None => std::future::pending().await,
        }
    }
}

/// How long it took until it was gone; `None` if that was not seen.
async fn kill(site: &Site, container: &Container) -> Option<Duration> {
    let told = Instant::now();
    if let Err(error) = site.engine().kill(&container.id, "SIGKILL").await {
        site.tally.note("problem", error.0);
        return None;
    }
    while told.elapsed() < GONE_WITHIN {
        match site.engine().look(&container.id).await {
            Ok(Some(now)) if now.pid == container.pid => tokio::time::sleep(LOOK_AGAIN).await,
            Ok(_) => return Some(told.elapsed()),
            Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
    None
}
