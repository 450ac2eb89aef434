//! Order: reserves the stock, charges the money, and never forgets an order
//! whose charge it is not sure of.
//!
//! ```text
//! reserved -> charging -> confirmed | declined | unknown | pending
//!                                                 `--settler--> confirmed | declined
//! ```

mod book;
mod ledger;
mod place;
mod service;
mod settler;

use anyhow::Context as _;
use axum::Router;
use axum::routing::get;
use book::Book;
use mesh::{Mesh, Protocol};
use place::Placing;
use proto::shop::order_server::OrderServer;
use service::OrderService;

/// Runs the process until it is told to stop.
///
/// # Errors
/// When the process cannot start: a port, a file, a metric that is there twice.
pub async fn run(options: process::Options) -> anyhow::Result<()> {
    let mut process = process::start("order", options).await?;
    let mesh = Mesh::start(&process)?;
    let book = Book::open(&process.options.data, &process.registry)
        .await
        .context("failed to open the order book")?;
    let placing = Placing::new(&mesh, book.clone());
    tokio::spawn(settler::settle(placing.clone(), mesh.policy().clone(), process.stop.clone()));
    let ledger = Router::new().route("/ledger", get(move || async move { process::jsonl(book.ledger()) }));
    process.admin_routes(process::guarded(ledger, &process.options.token));
    process.ready()?;
    let protocol = Protocol::grpc(&["PrepareCheckout", "Checkout"]);
    let service = OrderServer::new(OrderService::new(placing));
    mesh::serve(&mut process, &mesh, protocol, service).await?;
    process.finish().await;
    Ok(())
}
