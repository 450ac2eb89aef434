//! Inventory: what there is, what it costs, and who has it reserved. Durable,
//! because a reservation outlives the process that made it.

mod service;
mod stock;

use anyhow::Context as _;
use axum::Router;
use axum::routing::get;
use mesh::{Mesh, Protocol};
use proto::shop::inventory_server::InventoryServer;
use service::InventoryService;
use stock::Stock;

/// Runs the process until it is told to stop.
///
/// # Errors
/// When the process cannot start: a port, a file, a metric that is there twice.
pub async fn run(options: process::Options) -> anyhow::Result<()> {
    let mut process = process::start("inventory", options).await?;
    let mesh = Mesh::start(&process)?;
    let stock = Stock::open(&process.options.data).context("failed to open the stock")?;
    let ledger = stock.clone();
    let ledger = Router::new().route("/ledger", get(move || async move { process::jsonl(ledger.ledger()) }));
    process.admin_routes(process::guarded(ledger, &process.options.token));
    process.ready()?;
    let protocol = Protocol::grpc(&["Stock", "Reserve", "Release"]);
    let service = InventoryServer::new(InventoryService::new(stock));
    mesh::serve(&mut process, &mesh, protocol, service).await?;
    process.finish().await;
    Ok(())
}
