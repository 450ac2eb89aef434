//! The guard's start in a cluster: the account of its pod, the tokens, then the same guard as elsewhere.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kube::{Client, Config};
use tokio::signal::unix::{SignalKind, signal};

use super::cluster::Cluster;
use super::ground::Namespace;
use super::host::Pods;
use super::probe::Network;
use super::tokens;
use crate::guard::faults::Failed;
use crate::guard::{StartError, away};

/// An API server that does not answer in this time is asked again.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries: the account of a pod is known to the API a moment later than the pod.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Runs the guard of the lab in this pod's namespace until it is ended. The operator's token is the one in the lab's
/// Secret.
///
/// # Errors
/// When this is no pod with an account, or the port cannot be bound.
pub async fn run(listen: SocketAddr) -> Result<(), StartError> {
    // By address, as the environment of every pod has it: a cluster may have no DNS.
    let mut config = Config::incluster_env().map_err(|error| {
        let Failed(why) = Failed::of(&error);
        StartError::Platform(format!(
            "this is no pod with an account: {why}; `kubectl apply --kustomize deploy/kubernetes/overlays/single-node` \
             starts one"
        ))
    })?;
    config.connect_timeout = Some(PATIENCE);
    config.read_timeout = Some(PATIENCE);
    let client = Client::try_from(config).map_err(|error| StartError::Platform(Failed::of(&error).0))?;
    let cluster = Arc::new(Cluster::new(client));
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Listen)?;
    let operator = tokio::select! {
        operator = operator(&cluster) => operator,
        _ = terminate.recv() => return Ok(()),
    };
    let host = Arc::new(Pods::new(Arc::clone(&cluster)));
    let ground = Arc::new(Namespace::new(cluster, Arc::new(Network)));
    away::run(host, ground, listen, &operator).await
}

async fn operator(cluster: &Cluster) -> String {
    loop {
        match tokens::ensure(cluster).await {
            Ok(operator) => return operator,
            Err(error) => tracing::warn!(%error, "the lab has no tokens yet"),
        }
        tokio::time::sleep(TRY_AGAIN).await;
    }
}
