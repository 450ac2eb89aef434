//! Account: who the user is. Every page asks; nothing here calls anyone.

mod service;

use mesh::{Mesh, Protocol};
use proto::shop::account_server::AccountServer;
use service::AccountService;

/// Runs the process until it is told to stop.
///
/// # Errors
/// When the process cannot start: a port, a file, a metric that is there twice.
pub async fn run(options: process::Options) -> anyhow::Result<()> {
    let mut process = process::start("account", options).await?;
    let mesh = Mesh::start(&process)?;
    let service = AccountService;
    process.ready()?;
    let protocol = Protocol::grpc(&["Get"]);
    mesh::serve(&mut process, &mesh, protocol, AccountServer::new(service)).await?;
    process.finish().await;
    Ok(())
}
