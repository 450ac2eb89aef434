//! Faults of processes: killed, frozen, starved, fattened. The guard does them, because it is
//! the parent of all; it ends them itself when a lease is over, whoever has died meanwhile, and
//! undoes what they did before it says that they are gone.
//!
//! ```text
//!   serve (HTTP) -> desk (who is in force, leases) -> act (a task a fault) -> kill | freeze | ..
//!                                                         dropped = undone
//! ```
//! One file for each effect. What they mean is in the fault crate.

mod act;
mod cpu_burn;
mod desk;
mod freeze;
mod kill;
mod memory_growth;
mod residue;
mod restart_loop;
mod serve;
mod site;
mod worker;

pub(crate) use desk::Desk;
pub(crate) use serve::router;
