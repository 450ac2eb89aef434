//! Faults of processes: killed, frozen, starved, fattened, cut off. The guard does them, because it
//! is the parent of all, or who may speak with whoever is; it ends them itself when a lease is over,
//! whoever has died meanwhile, and undoes what they did before it says that they are gone.
//!
//! ```text
//!   serve (HTTP) -> desk (who is in force, leases) -> ground -> act (a task a fault) -> kill | freeze | ..
//!                                                     docker      dropped = undone
//!                                                     kubernetes
//! ```
//! One file for each effect on this machine; those on containers and pods are with their platform.
//! What they mean is in the fault crate.

mod act;
mod cpu_burn;
mod desk;
mod freeze;
mod ground;
mod kill;
mod local;
mod memory_growth;
mod residue;
mod restart_loop;
mod serve;
mod site;
mod tally;
mod worker;

pub(crate) use desk::Desk;
#[cfg(any(feature = "docker", feature = "kubernetes"))]
pub(crate) use ground::{Acting, Kept};
pub(crate) use ground::{Failed, Ground};
#[cfg(feature = "docker")]
pub(crate) use kill::Turns;
pub(crate) use local::Local;
pub(crate) use serve::router;
#[cfg(any(feature = "docker", feature = "kubernetes"))]
pub(crate) use site::millis;
#[cfg(any(feature = "docker", feature = "kubernetes"))]
pub(crate) use tally::Tally;
