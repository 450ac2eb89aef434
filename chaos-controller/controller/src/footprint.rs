//! What the lab weighs: resident memory of all its processes each second, the controller and the guard included, and
//! its peak. The guard weighs its own processes; `/proc` tells of this one.

use std::sync::Mutex;

use platform::{ProcessState, proc};
use serde_json::{Value, json};

use crate::lab::Lab;

/// The newest weighing and the heaviest.
#[derive(Debug, Default)]
pub(crate) struct Footprint {
    weighed: Mutex<Weighed>,
}

/// One weighing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weighed {
    /// As the guard told, itself included.
    pub(crate) processes: Vec<ProcessState>,
    pub(crate) rss_kib: u64,
    pub(crate) rss_kib_peak: u64,
    /// Proportional, measured now and then only.
    pub(crate) pss_kib: u64,
}

impl Footprint {
    /// The newest weighing.
    pub(crate) fn now(&self) -> Weighed {
        self.weighed.lock().expect("no code panics while it holds the weighing").clone()
    }

    /// The peak is counted from now on.
    pub(crate) fn restart_peak(&self) {
        let mut weighed = self.weighed.lock().expect("no code panics while it holds the weighing");
        weighed.rss_kib_peak = weighed.rss_kib;
    }

    fn take(&self, processes: Vec<ProcessState>, pss: bool) {
        let own = std::process::id();
        let rss_kib = processes.iter().map(|process| process.rss_kib).sum::<u64>()
            + proc::rss_kib(own).unwrap_or_default();
        let mut weighed = self.weighed.lock().expect("no code panics while it holds the weighing");
        weighed.rss_kib = rss_kib;
        weighed.rss_kib_peak = weighed.rss_kib_peak.max(rss_kib);
        if pss {
            weighed.pss_kib = processes.iter().map(|process| process.pss_kib).sum::<u64>()
                + proc::pss_kib(own).unwrap_or_default();
        }
        weighed.processes = processes;
    }

    /// As the journal tells it.
    pub(crate) fn body(&self, ready_ms: u64) -> Value {
        let weighed = self.now();
        let mib = |kib: u64| (kib as f64 / 102.4).round() / 10.0;
        json!({
            "ready_ms": ready_ms,
            "rss_mib_peak": mib(weighed.rss_kib_peak),
            "rss_mib": mib(weighed.rss_kib),
            "pss_mib": mib(weighed.pss_kib),
        })
    }
}

/// Weighs the lab once. `pss` is dear: the kernel walks the page tables of every process for it.
pub(crate) async fn weigh(lab: &Lab, pss: bool) {
    let Some(guard) = lab.guard.get() else { return };
    match guard.processes(pss).await {
        Ok(processes) => lab.footprint.take(processes, pss),
        Err(error) => tracing::debug!(%error, "the guard does not answer"),
    }
}
