//! `restart_loop`: killed so long after each start. How soon it starts again is the guard's
//! backoff, which believes in a crash; so lives are of one length, and the gaps between them grow.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fault::{Measure, RestartLoop};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::site::{Site, median, millis};

/// Between two looks at whether it is up again.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// A kill comes this late at most on a machine that has other work: a life may be off by it.
const LATE: Duration = Duration::from_millis(25);

pub(super) async fn act(of: RestartLoop, site: Site) {
    let site = Arc::new(site);
    let (ended, mut lives) = mpsc::unbounded_channel();
    // Dropped with this future, and so are its tasks.
    let mut loops = JoinSet::new();
    for instance in &site.instances {
        loops.spawn(kill_each(of, Arc::clone(&site), instance.clone(), ended.clone()));
    }
    let requested = millis(of.every.get());
    let tolerance = (requested * 0.05).max(millis(LATE));
    let mut seen = Vec::new();
    while let Some(life) = lives.recv().await {
        seen.push(life);
        let delivered = millis(median(seen.clone()));
        site.measured(Measure::new("life, p50", "ms", requested, delivered, tolerance));
    }
}

async fn kill_each(
    of: RestartLoop,
    site: Arc<Site>,
    instance: String,
    ended: mpsc::UnboundedSender<Duration>,
) {
    let mut last = 0;
    let mut born = site.applied;
    loop {
        let up = site.fleet.up(std::slice::from_ref(&instance));
        match up.first().filter(|(_, pid)| *pid != last) {
            None => {
                tokio::time::sleep(LOOK_AGAIN).await;
                born = Instant::now();
            }
            Some((_, pid)) => {
                let pid = *pid;
                tokio::time::sleep_until((born + of.every.get()).into()).await;
                if site.kill(pid).await.is_some() {
                    // Until it was dead, which is what its callers see.
                    let _ = ended.send(born.elapsed());
                }
                last = pid;
                born = Instant::now();
            }
        }
    }
}
