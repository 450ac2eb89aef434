//! What containers weigh, from the engine's statistics. Each asking makes the engine read a dozen files of the kernel, and
//! the controller asks every second; so one is weighed at most every few seconds, and told from memory in between.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bollard::models::{ContainerMemoryStats, ContainerStatsResponse};
use futures_util::future::join_all;

use super::container::Container;
use super::engine::Engine;

/// A weighing is as old as this at most.
const FRESH: Duration = Duration::from_secs(2);

/// The newest weights, by container.
#[derive(Default)]
pub(super) struct Scales(Mutex<BTreeMap<String, (Instant, Weight)>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) rss_kib: u64,
    pub(super) cpu_us: u64,
}

impl Scales {
    /// Weighs those that live, in their order; what is down weighs nothing.
    pub(super) async fn weigh(&self, engine: &Engine, containers: &[Container]) -> Vec<Weight> {
        self.weights().retain(|id, _| containers.iter().any(|container| container.id == *id));
        join_all(containers.iter().map(|container| self.one(engine, container))).await
    }

    async fn one(&self, engine: &Engine, container: &Container) -> Weight {
        if !container.lives() {
            return Weight::default();
        }
        let known = self.weights().get(&container.id).copied();
        if let Some((at, weight)) = known
            && at.elapsed() < FRESH
        {
            return weight;
        }
        // Without an answer the old weight is the best guess.
        let Ok(Some(stats)) = engine.stats(&container.id).await else {
            return known.map(|(_, weight)| weight).unwrap_or_default();
        };
        let weight = read(&stats);
        self.weights().insert(container.id.clone(), (Instant::now(), weight));
        weight
    }

    fn weights(&self) -> MutexGuard<'_, BTreeMap<String, (Instant, Weight)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(stats: &ContainerStatsResponse) -> Weight {
    let cpu_ns = stats.cpu_stats.as_ref().and_then(|cpu| cpu.cpu_usage.as_ref()?.total_usage);
    let rss = stats.memory_stats.as_ref().map(resident).unwrap_or_default();
    Weight { rss_kib: rss / 1024, cpu_us: cpu_ns.unwrap_or_default() / 1000 }
}

/// Resident bytes: its own pages, and those of files that it has mapped. Of a page that several containers map, the
/// kernel counts one only, so a sum over containers counts nothing twice.
fn resident(memory: &ContainerMemoryStats) -> u64 {
    let Some(stats) = &memory.stats else { return memory.usage.unwrap_or_default() };
    // As the second and as the first version of control groups name them.
    let of = |names: [&str; 2]| names.iter().find_map(|name| stats.get(*name)).copied().unwrap_or_default();
    of(["anon", "rss"]) + of(["file_mapped", "mapped_file"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_versions_of_control_groups_are_read() {
        for stats in [json!({"anon": 2048, "file_mapped": 1024}), json!({"rss": 2048, "mapped_file": 1024})] {
            let told = json!({"cpu_stats": {"cpu_usage": {"total_usage": 5_000_000}}, "memory_stats": {"usage": 9999, "stats": stats}});
            let told: ContainerStatsResponse = serde_json::from_value(told).unwrap();
            assert_eq!(read(&told), Weight { rss_kib: 3, cpu_us: 5000 });
        }
    }
}
