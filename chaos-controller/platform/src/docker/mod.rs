//! The docker platform: a lab is a Compose project, a process is a container, and the guard is the one container that may
//! speak with the engine. Compose starts and ends the lab; the guard looks, restarts, scales, and does faults.
//!
//! ```text
//!   guard's API -> Desk -> Platform as a ground -> faults/ (a file each) --+
//!             \--> Platform as a host (states, restart, scale) ------------+-> engine (bollard) -> socket
//!                        book: what was before, and the leases in force, in the guard's volume
//! ```
//! What the engine restarts and what the guard does: a container that crashes is restarted by the engine, as its restart
//! policy says. One that was killed or stopped through the engine counts as stopped by hand and stays down; it is the
//! guard's to start again, and so a `stop` lasts and a `kill` does not.

mod book;
mod container;
mod copy;
mod engine;
mod faults;
mod ground;
mod host;
mod limits;
mod residue;
mod weigh;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::guard::faults::Ground;
use crate::guard::host::Host;
use crate::guard::{StartError, away};

use book::Book;
use engine::Engine;
use ground::Containers;
use host::Platform;

/// The guard's volume in the image.
const STATE: &str = "/state";
/// Time for a controller's silence to mean that the lab goes down: never, for the lab is not this guard's.
const NEVER: Duration = Duration::MAX;

/// Runs the guard of a lab on this platform until it is ended.
///
/// # Errors
/// When the platform cannot be asked, or the port cannot be bound.
pub async fn run(listen: SocketAddr, operator_token: &str) -> Result<(), StartError> {
    let failed = |failed: crate::guard::faults::Failed| StartError::Platform(failed.0);
    let engine = Engine::connect().await.map_err(failed)?;
    let book = Book::open(&Path::new(STATE).join("guard.json")).map_err(failed)?;
    let platform = Arc::new(Platform::new(engine, book, NEVER));
    let host = Arc::clone(&platform) as Arc<dyn Host>;
    away::run(host, Arc::new(Containers(platform)) as Arc<dyn Ground>, listen, operator_token).await
}
