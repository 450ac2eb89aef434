//! Where one fault acts, and what it has to show for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fault::Measure;
use rustix::process::{Signal, kill_process};
use serde_json::{Map, Value, json};

use crate::guard::fleet::Fleet;
use crate::proc;

/// A killed process is gone within this, or the kernel has other troubles.
const GONE_WITHIN: Duration = Duration::from_secs(2);
/// Between two looks at whether it is.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// The place of one fault.
pub(super) struct Site {
    pub(super) fleet: Arc<Fleet>,
    /// Those that there were when it was applied.
    pub(super) instances: Vec<String>,
    pub(super) applied: Instant,
    report: Arc<Mutex<Report>>,
}

/// What a fault did so far.
#[derive(Default)]
pub(super) struct Report {
    hits: u64,
    dose: Option<Measure>,
    notes: Map<String, Value>,
}

impl Site {
    pub(super) fn new(fleet: Arc<Fleet>, instances: Vec<String>, report: Arc<Mutex<Report>>) -> Self {
        Self { fleet, instances, applied: Instant::now(), report }
    }

    /// Its instances that are up, each with its process.
    pub(super) fn up(&self) -> Vec<(String, u32)> {
        self.fleet.up(&self.instances)
    }

    /// One more process was hit.
    pub(super) fn hit(&self) {
        self.report().hits += 1;
    }

    pub(super) fn measured(&self, dose: Measure) {
        self.report().dose = Some(dose);
    }

    /// A fact beside the dose.
    pub(super) fn note(&self, name: &str, value: impl Into<Value>) {
        self.report().notes.insert(name.to_owned(), value.into());
    }

    /// Kills a process, and gives how long it took until it was gone; `None` if it was gone before.
    pub(super) async fn kill(&self, pid: u32) -> Option<Duration> {
        let ticks = proc::start_ticks(pid)?;
        let told = Instant::now();
        kill_process(proc::pid_of(pid)?, Signal::KILL).ok()?;
        while proc::alive(pid, ticks) {
            if told.elapsed() > GONE_WITHIN {
                return None;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.hit();
        Some(told.elapsed())
    }

    fn report(&self) -> std::sync::MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Report {
    /// Hits, dose and notes, as an object.
    pub(super) fn summary(&self) -> Map<String, Value> {
        let mut summary = self.notes.clone();
        summary.insert("hits".to_owned(), json!(self.hits));
        summary.insert("dose".to_owned(), json!(self.dose));
        summary
    }
}

/// In milliseconds, to the microsecond.
pub(super) fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e3
}

/// The middle one; zero of nothing.
pub(super) fn median(mut values: Vec<Duration>) -> Duration {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
