//! Ctrl-C and SIGTERM: noted, and looked at by every wait, so that whatever is running is ended by its owner on the way
//! out and nothing is left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

/// Between two looks.
const BEAT: Duration = Duration::from_millis(50);

/// Whether somebody wants this to end. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    asked: Arc<AtomicBool>,
}

/// Somebody wanted this to end.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

impl Stop {
    /// Listens for the two signals on a thread of its own, which is never woken otherwise.
    pub(crate) fn listen() -> Self {
        let stop = Self::default();
        let told = stop.clone();
        std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else {
                return;
            };
            runtime.block_on(async {
                let (Ok(mut interrupt), Ok(mut terminate)) =
                    (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
                else {
                    return;
                };
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                told.asked.store(true, Ordering::Relaxed);
            });
        });
        stop
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Goes on only if nobody wants it to end.
    ///
    /// # Errors
    /// When somebody does.
    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        if self.is_asked() { Err(Interrupted) } else { Ok(()) }
    }

    /// Measures for so long.
    ///
    /// # Errors
    /// When somebody wants it to end before.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), Interrupted> {
        let end = Instant::now() + time;
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(BEAT));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_is_not_wanted_any_more_ends_at_once() {
        let stop = Stop::default();
        assert!(stop.pause(Duration::ZERO).is_ok());
        stop.asked.store(true, Ordering::Relaxed);
        assert!(stop.pause(Duration::from_secs(60)).is_err());
    }
}
