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
