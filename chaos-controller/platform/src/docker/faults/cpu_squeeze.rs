//! `cpu_squeeze`: the engine is told that the container may use so many processors. The dose is the limit that is in
//! force, or what was used where that was more; how long the kernel held it back stands beside it.

use std::time::{Duration, Instant};

use fault::{CpuSqueeze, Measure};
use futures_util::future::try_join_all;

use super::site::Site;
use crate::docker::book::Was;
use crate::docker::container::Container;
use crate::docker::engine::Engine;
use crate::guard::faults::Failed;
use crate::guard::host::Boxed;

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Of the limit: a process may end its last period late.
const TOLERANCE: f64 = 0.1;
/// One period more than its share, whatever the share.
const SLACK_SECONDS: f64 = 0.1;

pub(super) async fn begin(of: CpuSqueeze, site: Site) -> Result<Boxed<'static, ()>, Failed> {
    let containers = site.containers().await?;
    try_join_all(containers.iter().map(|container| squeeze(site.engine(), of, container))).await?;
    containers.iter().for_each(|_| site.tally.hit());
    Ok(Box::pin(watch(of, site)))
}

async fn squeeze(engine: &Engine, of: CpuSqueeze, container: &Container) -> Result<(), Failed> {
    engine.update(&container.id, container.limits.with_cores(of.cores)).await
}

async fn watch(of: CpuSqueeze, site: Site) {
    let mut meters = Vec::new();
    loop {
        let mut worst: Option<f64> = None;
        let mut held_back = 0.0;
        for container in site.look().await {
            if container.limits.cores() != Some(of.cores)
                && let Err(error) = squeeze(site.engine(), of, &container).await
            {
                site.tally.note("problem", error.0);
            }
            let limit = container.limits.cores().unwrap_or(f64::INFINITY);
            let (used, throttled) =
                Meter::of(&mut meters, &container).read(site.engine()).await.unwrap_or_default();
            // The limit is a share of periods, and the last of them may be one too many.
            let delivered = if used > limit { used } else { limit };
            if worst.is_none_or(|worst| (delivered - of.cores).abs() > (worst - of.cores).abs()) {
                worst = Some(delivered);
            }
            held_back += throttled;
        }
        if let Some(delivered) = worst {
            let tolerance =
                of.cores * TOLERANCE + SLACK_SECONDS / site.applied.elapsed().as_secs_f64().max(1.0);
            site.tally.measured(Measure::new("processors allowed", "", of.cores, delivered, tolerance));
            site.tally.note("held_back_ms", held_back);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

pub(super) async fn undo(engine: &Engine, container: &Container, was: &Was) -> Result<(), Failed> {
    if container.limits.same_cpu(was.limits) {
        Ok(())
    } else {
        engine.update(&container.id, was.limits.cpu()).await
    }
}

/// Counts what one start of a container uses from the first look on.
struct Meter {
    id: String,
    pid: i64,
    since: Instant,
    /// Nanoseconds of processor time, and of being held back; `None` before the first look.
    at_begin: Option<(u64, u64)>,
}

impl Meter {
    fn of<'a>(meters: &'a mut Vec<Self>, container: &Container) -> &'a mut Self {
        meters.retain(|meter| meter.id != container.id || meter.pid == container.pid);
        let known = meters.iter().position(|meter| meter.id == container.id);
        let place = known.unwrap_or_else(|| {
            let (id, pid) = (container.id.clone(), container.pid);
            meters.push(Self { id, pid, since: Instant::now(), at_begin: None });
            meters.len() - 1
        });
        &mut meters[place]
    }

    /// Processors used on average, and milliseconds held back, since the first look.
    async fn read(&mut self, engine: &Engine) -> Option<(f64, f64)> {
        let cpu = engine.stats(&self.id).await.ok()??.cpu_stats?;
        let used = cpu.cpu_usage?.total_usage?;
        let held_back = cpu.throttling_data.and_then(|data| data.throttled_time).unwrap_or_default();
        let (used_before, held_before) = *self.at_begin.get_or_insert_with(|| {
            self.since = Instant::now();
            (used, held_back)
        });
        let passed = self.since.elapsed().as_secs_f64();
        let cores = if passed > 0.0 { used.saturating_sub(used_before) as f64 / 1e9 / passed } else { 0.0 };
        Some((cores, held_back.saturating_sub(held_before) as f64 / 1e6))
    }
}
