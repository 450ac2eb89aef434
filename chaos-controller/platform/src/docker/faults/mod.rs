//! Faults of containers, a file each: how it strikes, how it is seen and measured on the engine, and how it is undone.
//! Undoing looks first and does only what is missing, so it can be repeated, and repeats nothing.
//!
//! ```text
//!   freeze, stop, disconnect -> hold (a state that a container is kept in, measured in time)
//!   cpu_squeeze, memory_squeeze, scale, kill   each measure what they are about
//! ```

mod cpu_squeeze;
mod disconnect;
mod freeze;
mod hold;
mod kill;
mod memory_squeeze;
mod revive;
pub(super) mod scale;
mod site;
mod stop;

use std::sync::Arc;

use fault::Effect;

use super::book::Was;
use super::container::Container;
use super::host::Platform;
use crate::guard::faults::Failed;
use crate::guard::host::Boxed;

pub(super) use revive::revive;
pub(super) use site::Site;

/// The effects that containers can have, as they are written.
pub(super) const EFFECTS: [&str; 7] =
    ["kill", "freeze", "stop", "disconnect", "cpu_squeeze", "memory_squeeze", "scale"];

/// Strikes for the first time; what it gives goes on.
pub(super) async fn begin(effect: &Effect, site: Site) -> Result<Boxed<'static, ()>, Failed> {
    match effect {
        Effect::Kill(of) => Ok(Box::pin(kill::act(*of, site))),
        Effect::Freeze(_) => hold::begin(freeze::Freeze, site).await,
        Effect::Stop(_) => hold::begin(stop::Stop, site).await,
        Effect::Disconnect(_) => hold::begin(disconnect::Disconnect, site).await,
        Effect::CpuSqueeze(of) => cpu_squeeze::begin(*of, site).await,
        Effect::MemorySqueeze(of) => memory_squeeze::begin(*of, site).await,
        Effect::Scale(of) => scale::begin(*of, site).await,
        _ => Err(Failed(format!("no container can have a `{}`", effect.name()))),
    }
}

/// Undoes it on one container, whatever of it is there. `was` is how the container was before.
pub(super) async fn undo(
    effect: &Effect,
    platform: &Arc<Platform>,
    container: &Container,
    was: &Was,
) -> Result<(), Failed> {
    let engine = &platform.engine;
    match effect {
        // One that was scaled away meanwhile is meant to be down.
        Effect::Kill(_) | Effect::Stop(_) if platform.book.is_parked(&container.instance) => Ok(()),
        Effect::Kill(_) | Effect::Stop(_) => stop::undo(engine, container).await,
        Effect::Freeze(_) => freeze::undo(engine, container).await,
        Effect::Disconnect(_) => disconnect::undo(engine, container, was).await,
        Effect::CpuSqueeze(_) => cpu_squeeze::undo(engine, container, was).await,
        Effect::MemorySqueeze(_) => memory_squeeze::undo(engine, container, was).await,
        // Of a service and not of a container; the others were never begun.
        _ => Ok(()),
    }
}

/// Why it cannot be done to this container, if it cannot: the field, and what is allowed.
pub(super) fn impossible(effect: &Effect, container: &Container) -> Option<String> {
    match effect {
        Effect::MemorySqueeze(of) => memory_squeeze::impossible(*of, container),
        effect if !EFFECTS.contains(&effect.name()) => {
            Some(format!("effect.{}: containers can have {}", effect.name(), EFFECTS.join(", ")))
        }
        _ => None,
    }
}
