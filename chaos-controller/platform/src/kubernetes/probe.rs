//! Whether a pod can be reached, found out by asking it: a NetworkPolicy is a wish, and a cluster without an engine for it
//! takes the wish and does nothing.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::names::ADMIN_PORT;
use crate::guard::host::Boxed;

/// A pod in the same cluster that does not answer in this time does not answer.
const PATIENCE: Duration = Duration::from_millis(1_000);

/// Asks the admin ports of pods.
pub(super) trait Probe: Send + Sync {
    /// A new connection; `None` if there is none to be had.
    fn open<'a>(&'a self, address: &'a str) -> Boxed<'a, Option<Box<dyn Line>>>;
}

/// A connection that stands.
pub(super) trait Line: Send {
    /// Whether the pod still answers on it.
    fn answers(&mut self) -> Boxed<'_, bool>;
}

/// Over the network.
pub(super) struct Network;

struct Connection(SendRequest<Empty<Bytes>>);

impl Probe for Network {
    fn open<'a>(&'a self, address: &'a str) -> Boxed<'a, Option<Box<dyn Line>>> {
        Box::pin(async move {
            let open = async {
                let stream = TcpStream::connect((address, ADMIN_PORT)).await.ok()?;
                let (sender, connection) =
                    hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
                // It ends with its sender.
                tokio::spawn(connection);
                let mut line = Box::new(Connection(sender));
                line.answers().await.then_some(line as Box<dyn Line>)
            };
            timeout(PATIENCE, open).await.ok().flatten()
        })
    }
}

impl Line for Connection {
    fn answers(&mut self) -> Boxed<'_, bool> {
        Box::pin(async {
            let ask = async {
                let request = Request::get("/healthz").header(header::HOST, "pod").body(Empty::new()).ok()?;
                self.0.ready().await.ok()?;
                let answer = self.0.send_request(request).await.ok()?;
                // Read to its end, so that the next one finds the line free.
                answer.into_body().collect().await.ok()
            };
            timeout(PATIENCE, ask).await.is_ok_and(|answer| answer.is_some())
        })
    }
}
