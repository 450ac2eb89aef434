//! Serving HTTP on a listener until told to stop, then draining.
//!
//! HTTP/1.1 and HTTP/2 (with prior knowledge) share the port: people come with
//! curl, the lab's own processes with many requests on one connection. Limits
//! that would be a hidden queue are set here, on purpose and in one place.

use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::Service;

/// Requests that may be open on one HTTP/2 connection. Far above any pool and
/// queue of the lab: admission is decided by the queue that a metric shows,
/// never by the transport.
pub const MAX_CONCURRENT_STREAMS: u32 = 200_000;

/// Requests a client may abandon before we accepted them. A storm of users who
/// leave is our subject, not an attack.
const MAX_PENDING_RESETS: usize = 200_000;

/// A stalled accept (no descriptors left) is retried after this.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Serves `service` on `listener` until `stop`, then answers what is in flight
/// for at most `drain`.
pub async fn serve<S, B>(listener: TcpListener, service: S, stop: CancellationToken, drain: Duration)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let builder = builder();
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let Some(io) = prepared(stream) else { continue };
        let connection = builder.serve_connection(io, TowerToHyperService::new(service.clone())).into_owned();
        let watched = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(error = %error, "connection ended");
            }
        });
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(drain) => tracing::info!("drain time is over"),
    }
}

/// Without `TCP_NODELAY` a hop costs 40 ms (Nagle against delayed ACK).
fn prepared(stream: TcpStream) -> Option<TokioIo<TcpStream>> {
    match stream.set_nodelay(true) {
        Ok(()) => Some(TokioIo::new(stream)),
        Err(error) => {
            tracing::debug!(%error, "connection was gone before it was served");
            None
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(None);
    builder
}
