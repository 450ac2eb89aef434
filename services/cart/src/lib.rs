//! Cart: what each user is about to buy, and the way from there to an order.

mod carts;
mod service;

use mesh::{Mesh, Protocol};
use proto::shop::cart_server::CartServer;
use service::CartService;

/// Runs the process until it is told to stop.
///
/// # Errors
/// When the process cannot start: a port, a file, a metric that is there twice.
pub async fn run(options: process::Options) -> anyhow::Result<()> {
    let mut process = process::start("cart", options).await?;
    let mesh = Mesh::start(&process)?;
    let service = CartService::new(&mesh);
    process.ready()?;
    let protocol = Protocol::grpc(&["Get", "AddItem", "PrepareCheckout", "Checkout"]);
    mesh::serve(&mut process, &mesh, protocol, CartServer::new(service)).await?;
    process.finish().await;
    Ok(())
}
