//! A guard that is no parent: the processes are containers or pods, and somebody else starts them. It does faults, ends
//! their leases, restarts and scales. The lab is not its to take down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::faults::{Desk, Ground};
use super::host::Host;
use super::{LAST_WORDS, StartError, serve};

/// Between two tries to learn what the guard before this one kept.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Runs until SIGTERM or SIGINT, and then undoes every fault in force.
pub(crate) async fn run(
    host: Arc<dyn Host>,
    ground: Arc<dyn Ground>,
    listen: SocketAddr,
    operator_token: &str,
) -> Result<(), StartError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Listen)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Listen)?;
    let listener = TcpListener::bind(listen).await.map_err(StartError::Listen)?;
    let faults = Desk::new(ground);
    // Before anybody can ask: a fault that is not in the books would be applied twice.
    let resumed = tokio::select! {
        resumed = resume(&faults) => resumed,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    tracing::info!(listen = ?listener.local_addr().ok(), resumed, "the guard is there");
    let stop = CancellationToken::new();
    let leases = tokio::spawn(Arc::clone(&faults).end_leases());
    let server = {
        let (faults, stop, token) = (Arc::clone(&faults), stop.clone(), operator_token.to_owned());
        tokio::spawn(async move { serve::serve(listener, host, faults, &token, stop).await })
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("going");
    leases.abort();
    faults.clear_all().await;
    stop.cancel();
    // A client that does not read its last answer keeps nobody here.
    let _ = tokio::time::timeout(LAST_WORDS, server).await;
    Ok(())
}

async fn resume(faults: &Desk) -> usize {
    loop {
        match faults.resume().await {
            Ok(resumed) => return resumed,
            Err(error) => tracing::warn!(%error, "what the guard before kept is not known yet"),
        }
        tokio::time::sleep(TRY_AGAIN).await;
    }
}
