//! The frontend: the edge of the shop. HTTP and JSON for programs, one page for
//! people, and a blank one when the calls behind it fail.

mod api;
mod page;
mod rank;
mod refusal;
mod shop;

use axum::Router;
use axum::routing::{get, post};
use mesh::{Mesh, Protocol};
use shop::Shop;

/// The routes, as they stand on the metrics.
const ROUTES: [&str; 7] = [
    "/",
    "/api/search",
    "/api/account",
    "/api/cart",
    "/api/cart/items",
    "/api/checkout/prepare",
    "/api/checkout",
];

/// Runs the process until it is told to stop.
///
/// # Errors
/// When the process cannot start: a port, a file, a metric that is there twice.
pub async fn run(options: process::Options) -> anyhow::Result<()> {
    let mut process = process::start("frontend", options).await?;
    let mesh = Mesh::start(&process)?;
    let router = router(Shop::new(&mesh));
    process.ready()?;
    let protocol = Protocol::http(&ROUTES, |status| refusal::response(&status)).ranked(rank::of);
    mesh::serve(&mut process, &mesh, protocol, router).await?;
    process.finish().await;
    Ok(())
}

fn router(shop: Shop) -> Router {
    Router::new()
        .route("/", get(page::home))
        .route("/api/search", get(api::search))
        .route("/api/account", get(api::account))
        .route("/api/cart", get(api::cart))
        .route("/api/cart/items", post(api::add_item))
        .route("/api/checkout/prepare", post(api::prepare))
        .route("/api/checkout", post(api::checkout))
        .with_state(shop)
}
