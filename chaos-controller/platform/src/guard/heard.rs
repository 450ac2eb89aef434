//! The last sign of a controller, and what its silence means.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::spec::Silence;

/// When a controller was last heard.
pub(crate) struct Heard {
    last: watch::Sender<Sign>,
    /// How long the lab waits for one that is gone.
    grace: Duration,
}

#[derive(Clone, Copy)]
struct Sign {
    at: Instant,
    pid: u32,
}

impl Heard {
    /// As if one had been heard just now.
    pub(crate) fn new(grace: Duration) -> Self {
        Self { last: watch::Sender::new(Sign { at: Instant::now(), pid: 0 }), grace }
    }

    /// A controller is there.
    pub(crate) fn beat(&self, pid: u32) {
        self.last.send_replace(Sign { at: Instant::now(), pid });
    }

    /// How long none was heard.
    pub(crate) fn silence(&self) -> Silence {
        let last = *self.last.borrow();
        let silent = last.at.elapsed();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let down_in_ms = millis(self.grace.saturating_sub(silent));
        Silence { controller_pid: last.pid, silent_ms: millis(silent), down_in_ms }
    }

    /// Ends when none was heard for the grace; gives the grace.
    pub(crate) async fn gone(&self) -> Duration {
        loop {
            let due = self.last.borrow().at + self.grace;
            if due <= Instant::now() {
                return self.grace;
            }
            tokio::time::sleep_until(due).await;
        }
    }
}
