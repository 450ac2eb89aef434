//! The serving side.
//!
//! ```text
//! request > admission: body read, span begun > door: shed, limited -> pool: starts | queues | full
//!                                                  |
//!                       detached worker: policy pinned, handler run, counted
//! ```
//!
//! A worker is *detached*: a caller who goes away leaves the work behind, as
//! thread pools do. hyper would drop the handler with the caller, and with it
//! the outage this lab is about; cancelling is a policy here.

mod admission;
mod door;
mod job;
mod overflow;
mod protocol;
mod worker;

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use process::Process;
use tower::Service;

use crate::hub::Mesh;
use crate::metrics::ServerMetrics;
use admission::Admission;
use door::Door;
pub use protocol::Protocol;
use worker::Workers;

/// How long a service may go on answering once it was told to stop.
const DRAIN: Duration = Duration::from_secs(3);

/// Serves `handler` from the worker pool that the policy describes, until the
/// process is told to stop.
///
/// # Errors
/// When a metric of ours is registered already.
pub async fn serve<S, B>(
    process: &mut Process,
    mesh: &Mesh,
    protocol: Protocol<B>,
    handler: S,
) -> prometheus::Result<()>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let metrics = ServerMetrics::new(mesh.registry(), protocol.duration()?)?;
    let door = Door::start(mesh.policy(), Some(mesh.membership().clone()), metrics.clone());
    let workers = Workers::start(mesh.policy().clone(), mesh.recorder().clone(), handler, protocol, metrics);
    process::serve(process.listener(), Admission::new(workers, door), mesh.stop().clone(), DRAIN).await;
    Ok(())
}
