//! `cpu_burn`: the target is confined to some processors, and a worker burns a share of them. So
//! it is the target that starves: whoever else is on those processors may move away.
//!
//! A target that is started again is confined again: a busy neighbour is not healed by a restart.

use std::time::{Duration, Instant};

use fault::{CpuBurn, Measure};

use super::site::Site;
use super::worker::Worker;
use crate::guard::fleet::Fleet;
use crate::worker::Work;
use crate::{affinity, proc};

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Before it can start another worker.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Of the share: what a scheduler may owe a worker for a moment.
const TOLERANCE: f64 = 0.1;

pub(super) async fn act(of: CpuBurn, site: Site) {
    let all = affinity::allowed(std::process::id());
    // The last ones: the first serves the machine's interrupts.
    let few = all[all.len().saturating_sub(of.cores as usize)..].to_vec();
    let confined = Confined { site: &site, all };
    confined.to(&few);
    site.up().iter().for_each(|_| site.hit());
    let work = Work::Burn { of, processors: few.clone() };
    let (mut burned, mut passed) = (Duration::ZERO, Duration::ZERO);
    let mut waiting = Waiting::default();
    loop {
        let mut worker = match Worker::start(site.fleet.spec(), &work).await {
            Ok(worker) => worker,
            Err(error) => {
                site.note("problem", format!("no worker: {error}"));
                tokio::time::sleep(TRY_AGAIN).await;
                continue;
            }
        };
        let spent = |worker: &Worker| Duration::from_micros(proc::cpu_us(worker.pid).unwrap_or(0));
        let (begun, at_begin) = (Instant::now(), spent(&worker));
        let (burned_before, passed_before) = (burned, passed);
        while worker.lives() {
            tokio::time::sleep(LOOK_AGAIN).await;
            confined.to(&few);
            passed = passed_before + begun.elapsed();
            // A worker that has just died has burned what it had at the last look.
            burned = burned.max(burned_before + spent(&worker).saturating_sub(at_begin));
            let requested = of.share * f64::from(of.cores);
            let delivered = burned.as_secs_f64() / passed.as_secs_f64();
            site.measured(Measure::new("processors burned", "", requested, delivered, requested * TOLERANCE));
            waiting.look(&site.fleet.up(&site.instances));
            site.note("target_waited_ms_per_s", waiting.millis as f64 / passed.as_secs_f64().max(0.1));
        }
    }
}

/// The targets, on some processors only, for as long as this lives.
struct Confined<'a> {
    site: &'a Site,
    all: affinity::Processors,
}

impl Confined<'_> {
    fn to(&self, processors: &[usize]) {
        confine(&self.site.fleet, &self.site.instances, processors);
    }
}

impl Drop for Confined<'_> {
    fn drop(&mut self) {
        self.to(&self.all);
    }
}

fn confine(fleet: &Fleet, instances: &[String], processors: &[usize]) {
    for (instance, pid) in fleet.up(instances) {
        if let Err(error) = affinity::confine(pid, processors) {
            tracing::warn!(instance, %error, "not moved between processors");
        }
    }
}

/// How long the targets were ready to run, and did not.
#[derive(Default)]
struct Waiting {
    last: Vec<(u32, u64)>,
    millis: u64,
}

impl Waiting {
    fn look(&mut self, up: &[(String, u32)]) {
        let now: Vec<(u32, u64)> =
            up.iter().filter_map(|(_, pid)| Some((*pid, proc::waited_us(*pid)?))).collect();
        for (pid, us) in &now {
            let before = self.last.iter().find(|(known, _)| known == pid).map_or(*us, |(_, before)| *before);
            self.millis += us.saturating_sub(before) / 1000;
        }
        self.last = now;
    }
}
