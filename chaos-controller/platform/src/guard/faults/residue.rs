//! What faults leave behind if they leave anything, looked for on the processes themselves: a list
//! of faults that is empty proves nothing.

use super::worker::WORKER;
use crate::guard::fleet::Fleet;
use crate::local::strays;
use crate::{affinity, proc};

/// Everything that is not as it was; empty is clean.
pub(super) fn residue(fleet: &Fleet) -> Vec<String> {
    let own = affinity::allowed(std::process::id());
    let mut found = Vec::new();
    for process in fleet.states(false) {
        if proc::state(process.pid) == Some('T') {
            found.push(format!("{} is stopped (state T)", process.instance));
        }
        if let Some(allowed) = affinity::elsewhere(process.pid, &own) {
            found.push(format!("{} may run on processors {allowed:?} of {own:?}", process.instance));
        }
    }
    let workers = strays(&fleet.spec().state_dir).into_iter().filter(|stray| stray.instance == WORKER);
    found.extend(workers.map(|worker| format!("a worker lives (process {})", worker.pid)));
    found
}
