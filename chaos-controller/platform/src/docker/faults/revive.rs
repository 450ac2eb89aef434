//! What the guard does for a container that was killed through the engine, and that the engine therefore leaves down.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::docker::container::{Condition, Container};
use crate::docker::engine::Engine;

/// As soon as a guard of local processes starts one again the first time.
const PAUSE: Duration = Duration::from_millis(200);
/// Between two looks at whether it is down.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// It drains until then; what happens later is no consequence of that kill.
const WITHIN: Duration = Duration::from_secs(30);

/// Waits until the process that was killed is gone, and starts the container again unless somebody else does.
pub(in crate::docker) async fn revive(engine: Arc<Engine>, killed: Container) {
    let begun = Instant::now();
    while begun.elapsed() < WITHIN {
        match engine.look(&killed.id).await {
            Ok(None) => return,
            Ok(Some(now)) if now.condition == Condition::Down => {
                tokio::time::sleep(PAUSE).await;
                match engine.start(&killed.id).await {
                    Ok(()) => return,
                    Err(error) => tracing::warn!(%error, instance = killed.instance, "not started again yet"),
                }
            }
            Ok(Some(now)) if now.lives() && now.pid != killed.pid => return,
            Ok(Some(_)) => {}
            Err(error) => tracing::debug!(%error, instance = killed.instance, "not seen"),
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
