//! Where a lab's processes run. There is one platform so far, `local`: the
//! processes are children of a *guard* on this machine, which outlives the
//! controller, restarts what crashes and takes the lab down when nobody needs
//! it any more.
//!
//! Left out: what the processes do (`process`), and when to start, restart or
//! scale them (`controller`).

pub mod affinity;
pub mod guard;
pub mod http;
mod lab;
mod local;
mod local_faults;
pub mod proc;
mod spec;
pub mod worker;

pub use lab::{
    ControllerRef, Ended, GuardRef, LabError, LabFile, ProcessRef, Tokens, state_dir, write_private,
};
pub use local::{Guard, GuardError, Stray, end_strays, strays};
pub use spec::{
    GuardSpec, HeartBeat, ProcessSpec, ProcessState, Ready, Restart, Scale, Signal, SignalName, Silence,
};
