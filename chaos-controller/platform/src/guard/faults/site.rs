//! Where one fault acts, and what it has to show for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fault::Measure;
use rustix::process::{Signal, kill_process};
use serde_json::Value;

use super::tally::Tally;
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
    tally: Tally,
}

/// One process, told from whoever gets its number after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) instance: String,
    pub(super) pid: u32,
    pub(super) ticks: u64,
}

impl Site {
    pub(super) fn new(fleet: Arc<Fleet>, instances: Vec<String>, applied: Instant, tally: Tally) -> Self {
        Self { fleet, instances, applied, tally }
    }

    /// The processes of its instances that are up.
    pub(super) fn up(&self) -> Vec<Process> {
        self.up_of(&self.instances)
    }

    pub(super) fn up_of(&self, instances: &[String]) -> Vec<Process> {
        let up = self.fleet.up(instances).into_iter();
        let known =
            up.filter_map(|(instance, pid)| Some(Process { instance, pid, ticks: proc::start_ticks(pid)? }));
        // The guard hears a moment later that one has ended.
        known.filter(Process::lives).collect()
    }

    /// One more process was hit.
    pub(super) fn hit(&self) {
        self.tally.hit();
    }

    pub(super) fn measured(&self, dose: Measure) {
        self.tally.measured(dose);
    }

    /// A fact beside the dose.
    pub(super) fn note(&self, name: &str, value: impl Into<Value>) {
        self.tally.note(name, value);
    }

    /// Kills a process, and gives how long it took until it was gone; `None` if it was gone before, whoever has its
    /// number now.
    pub(super) async fn kill(&self, process: &Process) -> Option<Duration> {
        let told = Instant::now();
        process.signal(Signal::KILL)?;
        while process.lives() {
            if told.elapsed() > GONE_WITHIN {
                return None;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.hit();
        Some(told.elapsed())
    }
}

impl Process {
    pub(super) fn lives(&self) -> bool {
        proc::alive(self.pid, self.ticks)
    }

    /// Signals it; `None` if it is gone.
    pub(super) fn signal(&self, signal: Signal) -> Option<()> {
        let pid = proc::pid_of(self.pid).filter(|_| self.lives())?;
        kill_process(pid, signal).ok()
    }
}

/// In milliseconds, to the microsecond.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e3
}

/// The middle one; zero of nothing.
pub(crate) fn median(mut values: Vec<Duration>) -> Duration {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::guard::fleet::tests::no_processes;

    /// Who took the number is this test: it would not live to fail.
    #[tokio::test]
    async fn whoever_took_the_number_of_a_process_is_not_killed() {
        let site = Site::new(Arc::new(no_processes()), Vec::new(), Instant::now(), Tally::default());
        let pid = std::process::id();
        let ticks = proc::start_ticks(pid).unwrap() + 1;
        assert_eq!(site.kill(&Process { instance: "cart-0".to_owned(), pid, ticks }).await, None);
    }
}
