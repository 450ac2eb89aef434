//! Connections to the instances of a target: one HTTP/2 connection each,
//! opened when first needed, opened anew when it broke, chosen in turn.
//!
//! Our own, because every ready-made channel has a buffer inside that no
//! metric shows. Here a request is on the wire or it has failed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use process::{Endpoints, Membership};
use tokio::net::TcpStream;
use tokio::sync::{OnceCell, watch};

/// A peer that does not complete a handshake within this is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Streams whose late frames are recognised after we gave them up. A storm of
/// timeouts gives up thousands a second.
const RESET_STREAMS: usize = 4_096;

type Sender = SendRequest<Full<Bytes>>;
/// One dial shared by all who wait for it.
type Dial = Arc<OnceCell<Sender>>;

/// The connections to one target.
pub(crate) struct Connections {
    target: &'static str,
    endpoints: watch::Receiver<Arc<Endpoints>>,
    open: Mutex<BTreeMap<String, Dial>>,
    turn: AtomicUsize,
}

/// Why a request was not answered.
pub(crate) enum Lost {
    /// It was never sent.
    Unreachable,
    /// It was sent, and the connection broke.
    Broken,
}

impl Connections {
    pub(crate) fn follow(target: &'static str, membership: &Membership) -> Self {
        Self { target, endpoints: membership.endpoints(), open: Mutex::default(), turn: AtomicUsize::new(0) }
    }

    /// Sends `request` to the next instance in turn.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Lost> {
        let address = self.next_instance().ok_or(Lost::Unreachable)?;
        let mut sender = self.sender(&address).await.ok_or(Lost::Unreachable)?;
        sender
            .try_send_request(request)
            .await
            .map_err(|error| if error.message().is_some() { Lost::Unreachable } else { Lost::Broken })
    }

    fn next_instance(&self) -> Option<String> {
        let endpoints = self.endpoints.borrow();
        let instances = endpoints.get(self.target)?;
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let chosen = turn.checked_rem(instances.len())?;
        instances.get(chosen).map(|instance| instance.address.clone())
    }

    async fn sender(&self, address: &str) -> Option<Sender> {
        let dial = self.dial(address);
        let sender = dial.get_or_try_init(|| connect(address)).await;
        match sender {
            Ok(sender) => Some(sender.clone()),
            Err(error) => {
                tracing::debug!(target = self.target, address, %error, "failed to connect");
                None
            }
        }
    }

    /// The dial to `address`; a new one if the last one's connection is closed.
    fn dial(&self, address: &str) -> Dial {
        let mut open = self.open.lock().expect("no panic while connections are held");
        if let Some(dial) = open.get(address)
            && dial.get().is_none_or(|sender| !sender.is_closed())
        {
            return Arc::clone(dial);
        }
        // Instances come and go under new addresses; theirs are closed by now.
        open.retain(|_, dial| dial.get().is_none_or(|sender| !sender.is_closed()));
        let dial = Dial::default();
        open.insert(address.to_owned(), Arc::clone(&dial));
        dial
    }
}

async fn connect(address: &str) -> anyhow::Result<Sender> {
    let handshake = async {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_max_send_streams(process::MAX_CONCURRENT_STREAMS as usize)
            .max_concurrent_reset_streams(RESET_STREAMS)
            .max_local_error_reset_streams(None)
            .handshake(TokioIo::new(stream))
            .await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
        });
        anyhow::Ok(sender)
    };
    tokio::time::timeout(CONNECT_TIMEOUT, handshake).await?
}
