//! Payment: the shop's side of the bank. It keeps nothing: what was charged is
//! the bank's ledger, what was wanted is the order's.

mod bank;
mod service;

use mesh::{Mesh, Protocol};
use proto::shop::payment_server::PaymentServer;
use service::PaymentService;

/// Runs the process until it is told to stop.
///
/// # Errors
/// When the process cannot start: a port, a file, a metric that is there twice.
pub async fn run(options: process::Options) -> anyhow::Result<()> {
    let mut process = process::start("payment", options).await?;
    let mesh = Mesh::start(&process)?;
    let service = PaymentService::new(&mesh);
    process.ready()?;
    let protocol = Protocol::grpc(&["Charge", "ListMethods", "GetCharge"]);
    mesh::serve(&mut process, &mesh, protocol, PaymentServer::new(service)).await?;
    process.finish().await;
    Ok(())
}
