//! `disconnect`: out of the lab's network, and into it again at the end, under the same names and with the same address.
//! So the connections that there were go on, as after a real partition: as soon as either side tries again.

use super::hold::Hold;
use crate::docker::book::Was;
use crate::docker::container::Container;
use crate::docker::engine::Engine;
use crate::guard::faults::Failed;
use crate::guard::host::Boxed;

pub(super) struct Disconnect;

impl Hold for Disconnect {
    const OF: &'static str = "time disconnected";

    fn strike<'a>(&'a self, engine: &'a Engine, container: &'a Container) -> Boxed<'a, Result<(), Failed>> {
        Box::pin(
            async move { if container.connected { engine.disconnect(&container.id).await } else { Ok(()) } },
        )
    }

    fn holds(&self, container: &Container) -> bool {
        !container.connected
    }

    fn means(&self, _: &Container, _: &Container) -> bool {
        true
    }

    fn silences(&self) -> bool {
        true
    }
}

pub(super) async fn undo(engine: &Engine, container: &Container, was: &Was) -> Result<(), Failed> {
    if container.connected {
        return Ok(());
    }
    // The engine adds this one itself.
    let given = |alias: &&String| !container.id.starts_with(alias.as_str());
    let aliases: Vec<String> = was.aliases.iter().filter(given).cloned().collect();
    let id = &container.id;
    let Err(error) = engine.connect_again(id, &aliases, was.address.as_deref()).await else { return Ok(()) };
    tracing::warn!(%error, instance = container.instance, "not connected under its address, so under another");
    // What failed half-way stands in the way of the next try. It may also have left nothing.
    let _ = engine.disconnect(id).await;
    engine.connect_again(id, &aliases, None).await
}
