//! How many requests of the run have failed, journey by journey: what a guardrail on an error budget is held against. Counted
//! from the records that are written down, so the grader counts the same from the recording, only later.

use std::sync::atomic::{AtomicU64, Ordering};

use drill::{Journey, Load};
use evidence::Request;

/// Failures of each journey, by its index.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    failed: [AtomicU64; Journey::ALL.len()],
}

impl Spent {
    /// Takes note of what was written down.
    pub(crate) fn take(&self, load: &Load, requests: &[Request]) {
        for request in requests.iter().filter(|request| load.spends(request)) {
            if let Some(failed) = self.failed.get(usize::from(request.journey)) {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn failed(&self) -> [u64; Journey::ALL.len()] {
        self.failed.each_ref().map(|failed| failed.load(Ordering::Relaxed))
    }
}
