//! Waiting for the cluster: asked again until it says what is wanted, and no longer than somebody who asked for it waits.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::guard::faults::Failed;

/// Between two looks.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Whoever asked the guard waits 30 s.
pub(super) const PATIENCE: Duration = Duration::from_secs(25);

/// Looks until there is nothing that `look` still waits for.
///
/// # Errors
/// With what it waited for last, or what the cluster answered.
pub(super) async fn until<F>(mut look: impl FnMut() -> F) -> Result<(), Failed>
where
    F: Future<Output = Result<Option<String>, Failed>>,
{
    let begun = Instant::now();
    loop {
        let missing = look().await;
        match missing {
            Ok(None) => return Ok(()),
            // A cluster that is restarted itself answers again soon.
            Ok(Some(missing)) | Err(Failed(missing)) if begun.elapsed() >= PATIENCE => {
                return Err(Failed(format!("not within {} s: {missing}", PATIENCE.as_secs())));
            }
            Ok(Some(_)) | Err(_) => sleep(LOOK_AGAIN).await,
        }
    }
}
