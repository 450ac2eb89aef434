//! `freeze`: SIGSTOP, and SIGCONT at the end. It hits the processes that are there: one that is
//! started again is a new one, and well, as with any process that hung. One that somebody thaws
//! is frozen again.

use std::time::{Duration, Instant};

use fault::Measure;
use rustix::process::Signal;

use super::site::{Process, Site, millis};
use crate::proc;

/// Between two looks at its state: also how long somebody's thaw can last.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// A look can miss the moment of freezing, and that of a thaw.
const MISSED: Duration = Duration::from_millis(60);

pub(super) async fn act(site: Site) {
    let frozen: Vec<Frozen> = site.up().into_iter().map(Frozen).collect();
    let (mut requested, mut delivered) = (Duration::ZERO, Duration::ZERO);
    let mut before = Instant::now();
    for process in &frozen {
        process.stop();
        site.hit();
    }
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        let passed = before.elapsed();
        before = Instant::now();
        let up = site.up();
        for process in &frozen {
            // One that is being restarted must hear its signal; one that is gone is not ours.
            if !up.contains(&process.0) {
                continue;
            }
            requested += passed;
            if proc::state(process.0.pid) == Some('T') {
                delivered += passed;
            } else {
                process.stop();
            }
        }
        let tolerance = millis(MISSED) * frozen.len() as f64 + millis(requested) * 0.05;
        site.measured(Measure::new("time stopped", "ms", millis(requested), millis(delivered), tolerance));
    }
}

/// A process that is stopped for as long as this lives.
struct Frozen(Process);

impl Frozen {
    fn stop(&self) {
        self.signal(Signal::STOP);
    }

    fn signal(&self, signal: Signal) {
        // That it ended by itself in between is fine.
        let _ = self.0.signal(signal);
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal(Signal::CONT);
    }
}
