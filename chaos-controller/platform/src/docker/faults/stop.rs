//! `stop`: stopped, which the engine takes for a wish of somebody and so respects, and started again at the end. One that
//! somebody starts meanwhile is stopped again.

use std::time::{Duration, Instant};

use super::hold::Hold;
use crate::docker::container::{Condition, Container};
use crate::docker::engine::Engine;
use crate::guard::faults::Failed;
use crate::guard::host::Boxed;

/// Time to drain. What is left then is killed.
const GRACE: Duration = Duration::from_secs(5);
/// Between two looks at whether it is down.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

pub(super) struct Stop;

impl Hold for Stop {
    const OF: &'static str = "time stopped";

    fn strike<'a>(&'a self, engine: &'a Engine, container: &'a Container) -> Boxed<'a, Result<(), Failed>> {
        Box::pin(async move { engine.stop(&container.id, GRACE).await })
    }

    fn holds(&self, container: &Container) -> bool {
        container.condition == Condition::Down
    }

    fn means(&self, _: &Container, _: &Container) -> bool {
        true
    }

    fn silences(&self) -> bool {
        // It has no address any more.
        false
    }
}

/// One that is still up may be draining: an engine ends a stop whose caller has left, and it is down a moment later.
pub(super) async fn undo(engine: &Engine, container: &Container) -> Result<(), Failed> {
    let deadline = Instant::now() + GRACE + LOOK_AGAIN;
    let mut condition = container.condition;
    while condition != Condition::Down && Instant::now() < deadline {
        tokio::time::sleep(LOOK_AGAIN).await;
        match engine.look(&container.id).await? {
            Some(now) => condition = now.condition,
            None => return Ok(()),
        }
    }
    if condition == Condition::Down { engine.start(&container.id).await } else { Ok(()) }
}
