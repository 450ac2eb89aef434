//! `memory_squeeze`: the engine is told that the container may hold so much. The dose is the limit that the kernel has;
//! what the container holds, and how often the kernel refused it a page, stand beside it.

use std::time::Duration;

use fault::{Measure, MemorySqueeze, Size};
use futures_util::future::try_join_all;

use super::site::Site;
use crate::docker::book::Was;
use crate::docker::container::Container;
use crate::docker::engine::Engine;
use crate::docker::limits::Limits;
use crate::guard::faults::Failed;
use crate::guard::host::Boxed;

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// The kernel counts in pages.
const PAGE_MIB: f64 = 0.01;

pub(super) fn impossible(of: MemorySqueeze, container: &Container) -> Option<String> {
    let (instance, may) = (&container.instance, u64::try_from(container.limits.memory).unwrap_or_default());
    if may == 0 {
        // The engine has no word for taking a limit away again.
        return Some(format!(
            "effect.memory_squeeze: {instance} has no limit that could come back, so none is set: give it a `mem_limit`"
        ));
    }
    (of.to.0 > may).then(|| {
        format!(
            "effect.memory_squeeze.to: {} is more than {instance} may hold: allowed are up to {}",
            of.to,
            Size(may)
        )
    })
}

pub(super) async fn begin(of: MemorySqueeze, site: Site) -> Result<Boxed<'static, ()>, Failed> {
    let containers = site.containers().await?;
    try_join_all(containers.iter().map(|container| squeeze(site.engine(), of, container))).await?;
    containers.iter().for_each(|_| site.tally.hit());
    Ok(Box::pin(watch(of, site)))
}

async fn squeeze(engine: &Engine, of: MemorySqueeze, container: &Container) -> Result<(), Failed> {
    let bytes = i64::try_from(of.to.0).unwrap_or(i64::MAX);
    // The first version of control groups refuses a limit below what is held.
    engine.update(&container.id, Limits::with_memory(bytes)).await.map_err(|error| {
        Failed(format!("{} was not limited to {}, perhaps it holds more: {error}", container.instance, of.to))
    })
}

async fn watch(of: MemorySqueeze, site: Site) {
    let requested = of.to.as_mib();
    loop {
        let mut delivered: Option<f64> = None;
        let (mut held, mut refused) = (0.0, 0);
        for container in site.look().await {
            if u64::try_from(container.limits.memory) != Ok(of.to.0)
                && let Err(error) = squeeze(site.engine(), of, &container).await
            {
                site.tally.note("problem", error.0);
            }
            let stats = site.engine().stats(&container.id).await.ok().flatten();
            let memory = stats.and_then(|stats| stats.memory_stats).unwrap_or_default();
            // What the kernel has; of one that is down, what the engine would tell it.
            let limit = memory.limit.filter(|limit| *limit > 0 && container.lives());
            let limit = limit.or_else(|| u64::try_from(container.limits.memory).ok()).unwrap_or_default();
            delivered = Some(delivered.unwrap_or_default().max(Size(limit).as_mib()));
            held += Size(memory.usage.unwrap_or_default()).as_mib();
            refused += memory.failcnt.unwrap_or_default();
        }
        if let Some(delivered) = delivered {
            site.tally.measured(Measure::new("memory allowed", "MiB", requested, delivered, PAGE_MIB));
            site.tally.note("held_mib", held);
            site.tally.note("refused", refused);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

pub(super) async fn undo(engine: &Engine, container: &Container, was: &Was) -> Result<(), Failed> {
    if container.limits.same_memory(was.limits) {
        return Ok(());
    }
    engine.update(&container.id, was.limits.memory()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::container::tests::inspected;

    #[test]
    fn a_limit_that_could_not_come_back_is_not_set() {
        let payment = Container::read(&inspected(), "firedrill-default_lab").unwrap();
        let to = |mib| MemorySqueeze { to: Size::mib(mib) };
        assert_eq!(impossible(to(64), &payment), None);
        assert!(impossible(to(512), &payment).unwrap().contains("allowed are up to 256MiB"));
        let free = Container { limits: Limits::default(), ..payment };
        assert!(impossible(to(64), &free).unwrap().contains("mem_limit"));
    }
}
