//! Where a lab's processes run. A *guard* is there on every platform: it outlives
//! the controller, does the faults of processes and ends them by their leases.
//!
//! | platform | a process is | the guard |
//! |---|---|---|
//! | `local` | a child of the guard, on this machine | restarts what crashes, takes the lab down when nobody needs it any more |
//! | `docker` | a container of a Compose project | a container too, the only one that may speak with the engine |
//! | `kubernetes` | a pod; one namespace is one lab | a pod too, the only one with an account |
//!
//! Left out: what the processes do (`process`), and when to start, restart or
//! scale them (`controller`).

pub mod affinity;
#[cfg(feature = "docker")]
pub mod docker;
pub mod guard;
pub mod http;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
mod lab;
mod local;
mod local_faults;
pub mod proc;
mod spec;
mod unbroken;
pub mod worker;

pub use lab::{
    Away, ControllerRef, Ended, GuardRef, LabError, LabFile, ProcessRef, Tokens, state_dir, write_private,
};
pub use local::{Guard, GuardError, Stray, end_strays, strays};
pub use spec::{
    GuardSpec, HeartBeat, ProcessSpec, ProcessState, Ready, Restart, Scale, Signal, SignalName, Silence,
};
pub use unbroken::unbroken;
