//! `restart_loop`: killed so long after each start. How soon it starts again is the guard's
//! backoff, which believes in a crash; so lives are of one length, and the gaps between them grow.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fault::{Measure, RestartLoop};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::site::{Process, Site, median, millis};

/// Between two looks at whether it is up again.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Between two looks at whether it still lives: it may be restarted by somebody else.
const WATCH: Duration = Duration::from_millis(20);
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
    let mut last: Option<Process> = None;
    let mut born = site.applied;
    loop {
        let up = site.up_of(std::slice::from_ref(&instance)).pop();
        let Some(process) = up.filter(|process| last.as_ref() != Some(process)) else {
            tokio::time::sleep(LOOK_AGAIN).await;
            born = Instant::now();
            continue;
        };
        // One that ended before its time was not ours, and the next one has a life of its own.
        if outlives(&process, born + of.every.get()).await && site.kill(&process).await.is_some() {
            // Until it was dead, which is what its callers see.
            let _ = ended.send(born.elapsed());
        }
        last = Some(process);
        born = Instant::now();
    }
}

/// Whether it lives until then; told soon after its end if it does not.
async fn outlives(process: &Process, then: Instant) -> bool {
    while process.lives() {
        let left = then.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        tokio::time::sleep(left.min(WATCH)).await;
    }
    false
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::proc;

    #[tokio::test]
    async fn a_process_that_is_gone_is_not_waited_for() {
        let pid = std::process::id();
        let ticks = proc::start_ticks(pid).unwrap();
        let of = |ticks| Process { instance: "cart-0".to_owned(), pid, ticks };
        let hour = Duration::from_secs(3600);
        assert!(!outlives(&of(ticks + 1), Instant::now() + hour).await);
        assert!(outlives(&of(ticks), Instant::now()).await);
    }
}
