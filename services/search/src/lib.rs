//! Search: finds products by words and asks inventory what they cost and whether they are there.

mod catalogue;
mod flags;
mod service;

pub use flags::Flags;
use mesh::{Mesh, Protocol};
use proto::shop::search_server::SearchServer;
use service::SearchService;

/// Runs the process until it is told to stop.
///
/// # Errors
/// When the process cannot start: a port, a file, a metric that is there twice.
pub async fn run(options: process::Options, flags: Flags) -> anyhow::Result<()> {
    let mut process = process::start("search", options).await?;
    let mesh = Mesh::start(&process)?;
    let service = SearchService::new(&mesh, flags);
    process.ready()?;
    let protocol = Protocol::grpc(&["Query"]);
    mesh::serve(&mut process, &mesh, protocol, SearchServer::new(service)).await?;
    process.finish().await;
    Ok(())
}
