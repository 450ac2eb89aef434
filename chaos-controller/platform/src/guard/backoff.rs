//! How long a crashed process waits before it starts again: not at all the
//! first time, then 0.2 s doubling to 5 s, forgiven after 10 s of life.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);
/// A process that lived this long is healthy: its crashes before do not count.
const FORGIVEN: Duration = Duration::from_secs(10);

/// The crashes of one process in a row.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    /// The wait after a crash that came `uptime` after the start.
    pub(crate) fn after(&mut self, uptime: Duration) -> Duration {
        if uptime >= FORGIVEN {
            self.next = Duration::ZERO;
        }
        let wait = self.next;
        self.next = if wait.is_zero() { FIRST } else { (wait * 2).min(LONGEST) };
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_crash_restarts_at_once_and_later_ones_wait_longer() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..8).map(|_| backoff.after(Duration::from_secs(1)).as_millis()).collect();
        assert_eq!(waits, [0, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    #[test]
    fn ten_seconds_of_life_forgive_what_was_before() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.after(Duration::from_secs(1));
        }
        assert_eq!(backoff.after(Duration::from_secs(10)), Duration::ZERO);
        assert_eq!(backoff.after(Duration::from_secs(1)), Duration::from_millis(200));
    }
}
