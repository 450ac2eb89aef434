//! `kill`: SIGKILL, at once and then by the clock. The guard starts the process again by its own
//! rules; one that is down when its turn comes is not hit, and that shows in the dose.

use fault::{Kill, Measure};

use super::site::{Site, median, millis};

pub(super) async fn act(of: Kill, site: Site) {
    let instances = site.instances.len() as f64;
    let mut took = Vec::new();
    loop {
        for (_, pid) in site.up() {
            took.extend(site.kill(pid).await);
        }
        let turns = of.due(site.applied.elapsed());
        let requested = turns as f64 * instances;
        site.measured(Measure::new("kills", "", requested, took.len() as f64, 0.0));
        site.note("gone_after_ms", millis(median(took.clone())));
        match of.every {
            Some(every) => {
                let next = site.applied + every.get() * u32::try_from(turns).unwrap_or(u32::MAX);
                tokio::time::sleep_until(next.into()).await;
            }
            None => std::future::pending().await,
        }
    }
}
