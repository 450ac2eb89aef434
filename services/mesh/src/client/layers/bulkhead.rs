//! How many of these calls may be open at once. Open ones are counted also while there is no limit, so that a limit that
//! is turned on is right at once.

use std::sync::{Arc, Mutex, MutexGuard};

use resilience::limit::Bulkhead;

use super::Next;
use crate::client::edge::{Edge, Refusal};
use crate::client::{Answer, Failure};

pub(super) async fn layer(next: Next<'_>) -> Result<Answer, Failure> {
    let edge = next.call.edge;
    let _place = if edge.places.open().try_acquire() {
        Place(edge)
    } else {
        return Err(edge.refuse(Refusal::Bulkhead));
    };
    Next { placed: true, ..next }.run().await
}

/// The places of one edge.
#[derive(Default)]
pub(crate) struct Places {
    open: Mutex<Bulkhead>,
}

impl Places {
    pub(crate) fn configure(&self, limit: Option<u32>) {
        self.open().configure(limit);
    }

    fn open(&self) -> MutexGuard<'_, Bulkhead> {
        self.open.lock().expect("no panic while places are counted")
    }
}

/// A place, given back when dropped.
pub(crate) struct Place<'a>(&'a Arc<Edge>);

impl<'a> Place<'a> {
    /// Counts an attempt that nobody has asked a place for.
    pub(crate) fn count(edge: &'a Arc<Edge>) -> Self {
        edge.places.open().enter();
        Self(edge)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.places.open().release();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::json;
    use tokio::task::JoinSet;

    use crate::client::FailureKind;
    use crate::client::layers::testbed::{Bed, Does};

    async fn asked(bed: &Bed, so_many: u32) {
        while bed.asked() != [so_many] {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Places are given back by callers who leave, each once: no more and no less come in after them.
    #[tokio::test]
    async fn who_leaves_makes_room_for_one_and_the_third_is_refused() {
        let bed = Arc::new(Bed::new(json!({"bulkhead": 2}), &[Does::Nothing]).await);
        for round in 1..=3 {
            let mut calls = JoinSet::new();
            for _ in 0..2 {
                let bed = Arc::clone(&bed);
                calls.spawn(async move { bed.call().await.is_ok() });
            }
            let both = tokio::time::timeout(Duration::from_secs(10), asked(&bed, 2 * round));
            both.await.expect("two are let in");
            let third = tokio::time::timeout(Duration::from_secs(10), bed.call()).await;
            assert_eq!(third.expect("refused at once").unwrap_err().kind, FailureKind::Rejected);
            assert_eq!(bed.metric("lab_client_refused_total", "bulkhead"), f64::from(round));
            calls.shutdown().await;
        }
    }
}
