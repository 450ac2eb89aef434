//! Where a lab's processes run, as a guard handles them: on this machine, in containers, in pods. The guard's API
//! (`serve.rs`) is one; who does what it asks is a host.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::faults::Failed;
use super::heard::Heard;
use crate::spec::{ProcessState, SignalName};

/// A future that a trait object can give.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The processes of one lab.
pub(crate) trait Host: Send + Sync {
    /// Every process, and the guard itself last. `pss` also weighs them proportionally, where that can be done.
    fn states(&self, pss: bool) -> Boxed<'_, Vec<ProcessState>>;

    /// Restarts services or instances; gives the instances when all of them run again.
    fn restart<'a>(
        &'a self,
        targets: &'a [String],
        grace: Duration,
    ) -> Boxed<'a, Result<Vec<String>, HostError>>;

    /// Brings a service to so many instances; gives those that it has then.
    fn scale<'a>(
        &'a self,
        service: &'a str,
        count: u32,
        grace: Duration,
    ) -> Boxed<'a, Result<Vec<String>, HostError>>;

    /// Signals services or instances; gives those that were there to be hit.
    fn signal<'a>(
        &'a self,
        targets: &'a [String],
        signal: SignalName,
    ) -> Boxed<'a, Result<Vec<String>, HostError>>;

    /// Takes the lab down, where that is the guard's to do.
    fn down(&self) -> Boxed<'_, Result<(), HostError>>;

    /// When a controller was last heard.
    fn heard(&self) -> &Heard;
}

/// A name that fits no process.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no process or service `{name}`; there are {known}")]
pub(crate) struct Unknown {
    pub(crate) name: String,
    pub(crate) known: String,
}

/// Why a host did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostError {
    /// It knows no such process.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// It tried.
    #[error("{0}")]
    Failed(String),
    /// It is not its business.
    #[error("{0}")]
    NotHere(&'static str),
}

impl From<Failed> for HostError {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed.0)
    }
}
