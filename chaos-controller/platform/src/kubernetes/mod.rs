//! The kubernetes platform: a process is a pod of a StatefulSet, a namespace is a lab, and the cluster starts again what
//! dies. The guard is a pod too, the only one with an account; what it may do is `deploy/kubernetes/base/role.yaml`.
//!
//! ```text
//! start -> tokens (the Secret that everybody waits for)
//!       -> host (states, restart, scale)     -.
//!       -> ground (faults, and their leases)  +-> cluster (every request to the API) -> instance, set (what it says)
//!            kill | scale | cut + probe      -'
//! ```
//! Left out: starting a lab, which is `kubectl apply`, and watching: the cluster is asked again, a few times a second at
//! most, while somebody waits for it.

mod cluster;
mod cut;
mod ground;
mod host;
mod instance;
mod kill;
mod leases;
mod names;
mod policy;
mod probe;
mod residue;
mod restart;
mod scale;
mod set;
mod start;
mod tokens;
mod wait;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

pub use start::run;
