//! `freeze`: the engine pauses the container, and lets it go on at the end. It hits the process that is there: one that is
//! started again is a new one, and well, as after any hang. One that somebody thaws is frozen again.

use super::hold::Hold;
use crate::docker::container::{Condition, Container};
use crate::docker::engine::Engine;
use crate::guard::faults::Failed;
use crate::guard::host::Boxed;

pub(super) struct Freeze;

impl Hold for Freeze {
    const OF: &'static str = "time paused";

    fn strike<'a>(&'a self, engine: &'a Engine, container: &'a Container) -> Boxed<'a, Result<(), Failed>> {
        Box::pin(async move {
            if container.condition == Condition::Up { engine.pause(&container.id).await } else { Ok(()) }
        })
    }

    fn holds(&self, container: &Container) -> bool {
        container.condition == Condition::Paused
    }

    fn means(&self, struck: &Container, now: &Container) -> bool {
        struck.pid == now.pid
    }

    fn silences(&self) -> bool {
        true
    }
}

pub(super) async fn undo(engine: &Engine, container: &Container) -> Result<(), Failed> {
    if container.condition == Condition::Paused { engine.unpause(&container.id).await } else { Ok(()) }
}
