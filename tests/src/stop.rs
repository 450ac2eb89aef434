//! Ctrl-C and SIGTERM for the programs beside the tests: counted, and looked at by every wait, so that whatever is running
//! is ended by its owner on the way out and nothing is left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

/// Between two looks.
const BEAT: Duration = Duration::from_millis(50);

/// How often somebody has asked for the end. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    asked: Arc<AtomicU32>,
}

/// Somebody wanted this to end.
#[derive(Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

impl Stop {
    /// Listens for the two signals on a thread of its own, which is never woken otherwise.
    #[must_use]
    pub fn listen() -> Self {
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
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                    told.asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        });
        stop
    }

    /// How often: whoever runs programs of their own passes each on.
    #[must_use]
    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Whether somebody wants this to end.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked() > 0
    }

    /// Goes on only if nobody wants it to end.
    ///
    /// # Errors
    /// When somebody does.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_asked() { Err(Interrupted) } else { Ok(()) }
    }

    /// Measures for so long.
    ///
    /// # Errors
    /// When somebody wants it to end before.
    pub fn pause(&self, time: Duration) -> Result<(), Interrupted> {
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
        stop.asked.fetch_add(1, Ordering::Relaxed);
        assert!(stop.pause(Duration::from_secs(60)).is_err());
    }
}
