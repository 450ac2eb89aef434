//! `memory_growth`: a worker beside each target holds memory that grows. It counts as the
//! target's own in the lab's figures, since services contain no fault code that could leak. It
//! begins anew when the target is started again, as a leak does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fault::{Measure, MemoryGrowth, Size};

use super::site::{Process, Site};
use super::worker::Worker;
use crate::guard::fleet::Fleet;
use crate::worker::Work;

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Of what is due, or so much: pages that are on their way, and the allocator's own.
const TOLERANCE_SHARE: f64 = 0.05;
const TOLERANCE_MIB: f64 = 2.0;

pub(super) async fn act(of: MemoryGrowth, site: Site) {
    let mut balloons: Vec<Balloon> = Vec::new();
    loop {
        let up = site.up();
        balloons.retain_mut(|balloon| {
            let there = up.contains(&balloon.target);
            there && balloon.worker.lives()
        });
        for process in up {
            if balloons.iter().any(|balloon| balloon.target == process) {
                continue;
            }
            match Worker::start(site.fleet.spec(), &Work::Hold { of }).await {
                Ok(worker) => {
                    site.hit();
                    site.fleet.beside(&process.instance, worker.pid);
                    let fleet = Arc::clone(&site.fleet);
                    balloons.push(Balloon { target: process, begun: Instant::now(), worker, fleet });
                }
                Err(error) => site.note("problem", format!("no worker: {error}")),
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        let requested: f64 = balloons.iter().map(|balloon| of.goal(balloon.begun.elapsed()).as_mib()).sum();
        let delivered: f64 =
            balloons.iter().map(|balloon| Size(balloon.worker.held_kib() * 1024).as_mib()).sum();
        let tolerance = (requested * TOLERANCE_SHARE).max(TOLERANCE_MIB * balloons.len() as f64);
        site.measured(Measure::new("memory beside it", "MiB", requested, delivered, tolerance));
    }
}

/// Memory beside one process.
struct Balloon {
    /// The process that it belongs to.
    target: Process,
    begun: Instant,
    worker: Worker,
    fleet: Arc<Fleet>,
}

impl Drop for Balloon {
    fn drop(&mut self) {
        self.fleet.apart(self.worker.pid);
    }
}
