//! How full the pool is, on the gauges.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http_body::Body;

use super::{Handler, Workers};
use crate::server::overflow::Fill;

/// Up to when, and with how many workers, the busy time has been counted.
#[derive(Default)]
pub(super) struct Counted {
    until: Duration,
    busy: u32,
}

impl<S, B> Workers<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    pub(super) fn show(&self) {
        let pool = self.pool();
        self.count_busy(pool.busy());
        self.metrics.busy.set(i64::from(pool.busy()));
        self.metrics.limit.set(i64::from(pool.workers()));
        self.metrics.slots.store(pool.slots(), Ordering::Relaxed);
        self.metrics.depth.set(i64::try_from(pool.queued()).unwrap_or(i64::MAX));
        self.metrics.capacity.set(i64::from(pool.queue_limit()));
    }

    /// Adds the busy time since the last change of the pool.
    fn count_busy(&self, busy: u32) {
        let now = self.now();
        let mut counted = self.counted.lock().expect("no panic while busy time is counted");
        let passed = now.saturating_sub(counted.until);
        self.metrics.busy_seconds.inc_by(passed.as_secs_f64() * f64::from(counted.busy));
        *counted = Counted { until: now, busy };
    }

    pub(super) fn fill(&self) -> Fill {
        let pool = self.pool();
        Fill {
            workers: pool.workers(),
            busy: pool.busy(),
            queued: pool.queued(),
            capacity: pool.queue_limit(),
        }
    }
}
