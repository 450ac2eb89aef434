//! The guard: parent of a lab's local processes. It starts them all at once,
//! starts again what crashes, and answers the controller on a loopback port.
//! It outlives the controller; if none shows up for the grace of its spec, it
//! takes the lab down. Children log to files, never to a pipe of anybody.
//!
//! Should the guard itself be killed, its children die with it (`orphan.rs`).

#[cfg(any(feature = "docker", feature = "kubernetes"))]
pub(crate) mod away;
mod backoff;
mod child;
pub(crate) mod faults;
mod fleet;
pub(crate) mod heard;
pub(crate) mod host;
mod orphan;
mod serve;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::lab::Ended;
use crate::local::end_strays;
use crate::spec::{GuardSpec, Ready};

use faults::{Desk, Local};
use fleet::Fleet;
use host::Host;
pub use orphan::die_with_guard;

/// Marks a lab's process in its environment: the lab's state folder.
pub const STATE_MARK: &str = "FIREDRILL_STATE";
/// Marks a lab's process in its environment: its instance.
pub const INSTANCE_MARK: &str = "FIREDRILL_INSTANCE";
/// Tells a lab's process who its guard is.
pub const GUARD_MARK: &str = "FIREDRILL_GUARD";

/// Time to drain when the lab goes down.
const DOWN_GRACE: Duration = Duration::from_secs(5);
/// Time for the last answers to leave.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Why a guard could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No spec.
    #[error("failed to read the guard's spec `{path}`")]
    Spec {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No port, no signals.
    #[error("failed to open the guard's API")]
    Listen(#[source] std::io::Error),
    /// The platform cannot be asked.
    #[error("{0}")]
    Platform(String),
}

/// Runs a guard until it is told to go down, gets SIGTERM, or misses its
/// controller for too long. `tell` is called once with the line for whoever
/// started it.
pub async fn run(spec: &Path, tell: impl FnOnce(&Ready)) -> Result<(), StartError> {
    let spec = GuardSpec::load(spec).map_err(|source| StartError::Spec { path: spec.to_owned(), source })?;
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Listen)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Listen)?;
    // Fails only if it leads a session already, which is as good.
    let _ = rustix::process::setsid();
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(StartError::Listen)?;
    let address = listener.local_addr().map_err(StartError::Listen)?;
    tell(&Ready { pid: std::process::id(), url: format!("http://{address}") });

    sweep(&spec);
    let (fleet, mut down) = Fleet::start(spec);
    let fleet = Arc::new(fleet);
    let stop = CancellationToken::new();
    let faults = Desk::new(Arc::new(Local(Arc::clone(&fleet))));
    let leases = tokio::spawn(Arc::clone(&faults).end_leases());
    let server = {
        let (fleet, faults, stop) = (Arc::clone(&fleet), Arc::clone(&faults), stop.clone());
        tokio::spawn(async move {
            let host = Arc::clone(&fleet) as Arc<dyn Host>;
            serve::serve(listener, host, faults, &fleet.spec().operator_token, stop).await;
        })
    };
    let mut reply = None;
    let reason = tokio::select! {
        asked = down.recv() => {
            reply = asked;
            "asked to go down".to_owned()
        }
        _ = terminate.recv() => "the guard was terminated".to_owned(),
        _ = interrupt.recv() => "the guard was interrupted".to_owned(),
        gone = fleet.heard().gone() => format!("no controller for {} s", gone.as_secs()),
    };
    tracing::info!(reason, "going down");
    // A frozen process does not drain, and nobody is to be killed twice.
    leases.abort();
    faults.clear_all().await;
    // The API answers while the processes drain, so that a question can be asked.
    fleet.end(DOWN_GRACE).await;
    fleet.forget_lab(&reason);
    if let Some(reply) = reply {
        // Whoever asked may have gone.
        let _ = reply.send(());
    }
    stop.cancel();
    // The last answer leaves before the runtime ends; a client that does not
    // read it keeps nobody here.
    let _ = tokio::time::timeout(LAST_WORDS, server).await;
    Ok(())
}

/// A guard that was killed leaves nothing alive by design; what a stopped
/// kernel or a failed death signal left is ended before the new lab starts.
/// Looked for only after a lab that did not end properly: a walk over `/proc`
/// costs milliseconds that a start does not have.
fn sweep(spec: &GuardSpec) {
    let mark = spec.state_dir.join("guard.pid");
    if mark.exists() {
        let ended = end_strays(&spec.state_dir);
        tracing::info!(strays = ended.len(), "the guard before this one did not end properly");
    }
    Ended::forget(&spec.state_dir);
    if let Err(error) = std::fs::write(&mark, std::process::id().to_string()) {
        tracing::warn!(%error, "no mark of this guard");
    }
}
