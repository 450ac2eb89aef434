//! A fault at work: runs until it is dropped. Whatever an effect did to a process is undone by a
//! value that it holds, so that no way out forgets it.

use fault::Effect;

use super::site::Site;
use super::{cpu_burn, freeze, kill, memory_growth, restart_loop};
use crate::{affinity, proc};

/// What can be done to processes of this machine.
const EFFECTS: [&str; 5] = ["kill", "freeze", "cpu_burn", "memory_growth", "restart_loop"];

/// Does what the effect says, for as long as it is polled.
pub(super) async fn act(effect: &Effect, site: Site) {
    match effect {
        Effect::Kill(of) => kill::act(*of, site).await,
        Effect::Freeze(_) => freeze::act(site).await,
        Effect::CpuBurn(of) => cpu_burn::act(*of, site).await,
        Effect::MemoryGrowth(of) => memory_growth::act(*of, site).await,
        Effect::RestartLoop(of) => restart_loop::act(*of, site).await,
        // Refused before they get here: these are the bank's, or of other platforms.
        _ => {}
    }
}

/// Why this machine cannot do it to so many instances, if it cannot.
pub(super) fn impossible(effect: &Effect, instances: usize) -> Option<String> {
    match effect {
        Effect::CpuBurn(of) => {
            let there = affinity::allowed(std::process::id()).len();
            (of.cores as usize > there)
                .then(|| format!("effect.cpu_burn.cores: {} of {there} processors", of.cores))
        }
        Effect::MemoryGrowth(of) => {
            let wanted = of.to.0 / 1024 * instances as u64;
            // What is left keeps the machine alive.
            let there = proc::available_kib().map_or(u64::MAX, |kib| kib / 10 * 9);
            (wanted > there).then(|| {
                format!(
                    "effect.memory_growth.to: {} MiB for {instances} instance(s), and this machine can give {} MiB",
                    wanted / 1024,
                    there / 1024
                )
            })
        }
        Effect::Stop(_)
        | Effect::Disconnect(_)
        | Effect::CpuSqueeze(_)
        | Effect::MemorySqueeze(_)
        | Effect::Scale(_) => Some(format!(
            "effect.{}: that is done to containers or pods (`--platform docker` or `kubernetes`), and these are \
             processes: allowed are {}",
            effect.name(),
            EFFECTS.join(", ")
        )),
        _ => None,
    }
}
