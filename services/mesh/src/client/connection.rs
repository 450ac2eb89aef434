//! Connections to the instances of a target: one HTTP/2 connection each,
//! opened when first needed, opened anew when it broke. Which of them is asked
//! is the caller's decision; one that has none takes them in turn.
//!
//! Our own, on `h2` itself, because every ready-made channel has a buffer
//! inside that no metric shows, and spawns tasks for each request. Here a
//! request is handed to the connection whole or it has failed, and whoever
//! waits for the answer is the only one that does. What `h2` itself holds back
//! is only what a peer does not read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use h2::client::{Builder, ResponseFuture, SendRequest};
use http::Request;
use process::{Endpoints, Instance};
use tokio::net::TcpStream;
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinHandle;

use crate::client::Answer;

/// A peer that does not accept within this is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Streams whose late frames are recognised after we gave them up. A storm of
/// timeouts gives up thousands a second.
const RESET_STREAMS: usize = 4_096;
/// Bytes of one answer that may be on their way. Answers are read as they come,
/// so this is never what waits.
const STREAM_WINDOW: u32 = 1 << 20;
/// Bytes of all answers of a connection that may be on their way.
const CONNECTION_WINDOW: u32 = 4 << 20;
/// Headers of an answer are a few hundred bytes.
const MOST_HEADERS: u32 = 16 * 1024;

/// One dial shared by all who wait for it.
type Dial = Arc<OnceCell<Wire>>;

/// A connection that was opened.
struct Wire {
    sender: SendRequest<Bytes>,
    /// The task that moves its bytes, until it is closed.
    driver: JoinHandle<()>,
}

/// The connections to one target.
pub(crate) struct Connections {
    target: &'static str,
    endpoints: watch::Receiver<Arc<Endpoints>>,
    open: Mutex<BTreeMap<String, Dial>>,
    turn: AtomicUsize,
}

/// The instances of a target at one moment. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Peers {
    target: &'static str,
    endpoints: Arc<Endpoints>,
}

/// One of them, which may be gone by now. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Peer {
    of: Peers,
    place: usize,
}

/// Why a request was not answered.
///
/// Money hangs on the difference: an order whose charge was never sent may be
/// declined. So all that is not certain is `Broken`, also a stream that the peer
/// refused or left out of its GOAWAY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It was never sent.
    Unreachable,
    /// It was sent, at least in part, and no whole answer came.
    Broken,
}

impl Connections {
    pub(crate) fn follow(target: &'static str, endpoints: watch::Receiver<Arc<Endpoints>>) -> Self {
        Self { target, endpoints, open: Mutex::default(), turn: AtomicUsize::new(0) }
    }

    /// The instances there are now.
    pub(crate) fn peers(&self) -> Peers {
        Peers { target: self.target, endpoints: Arc::clone(&self.endpoints.borrow()) }
    }

    /// The next instance in turn; none if there are none.
    pub(crate) fn in_turn(&self) -> Option<Peer> {
        let peers = self.peers();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        turn.checked_rem(peers.instances().len()).map(|place| peers.at(place))
    }

    /// Sends `request` to `peer` and reads the answer. A caller who leaves
    /// resets the stream.
    pub(crate) async fn send(&self, peer: &Peer, request: Request<()>, body: Bytes) -> Result<Answer, Lost> {
        let address = peer.instance().address.as_str();
        let dial = self.dial(address);
        exchange(&dial, address, request, body).await.map_err(|(lost, error)| {
            tracing::debug!(target = self.target, instance = peer.name(), %error, ?lost, "no answer");
            if lost == Lost::Unreachable {
                // The connection takes no more: whoever comes next dials.
                self.forget(address, &dial);
            }
            lost
        })
    }

    /// The dial to `address`; a new one if the last one's connection is closed.
    fn dial(&self, address: &str) -> Dial {
        let mut open = self.open();
        if let Some(dial) = open.get(address)
            && dial.get().is_none_or(Wire::is_open)
        {
            return Arc::clone(dial);
        }
        // Instances come and go under new addresses; the old ones' are closed by now.
        open.retain(|_, dial| dial.get().is_none_or(Wire::is_open));
        let dial = Dial::default();
        open.insert(address.to_owned(), Arc::clone(&dial));
        dial
    }

    /// Dials anew next time, unless somebody has already.
    fn forget(&self, address: &str, dial: &Dial) {
        let mut open = self.open();
        if open.get(address).is_some_and(|current| Arc::ptr_eq(current, dial)) {
            open.remove(address);
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<String, Dial>> {
        self.open.lock().expect("no panic while connections are held")
    }
}

impl Peers {
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.instances().iter().map(|instance| instance.name.as_str())
    }

    /// The one at `place` among [`Self::names`].
    pub(crate) fn at(&self, place: usize) -> Peer {
        Peer { of: self.clone(), place }
    }

    /// Whether nobody has come or gone in between.
    pub(crate) fn are(&self, earlier: &Self) -> bool {
        Arc::ptr_eq(&self.endpoints, &earlier.endpoints)
    }

    fn instances(&self) -> &[Instance] {
        self.endpoints.get(self.target).map_or(&[], Vec::as_slice)
    }
}

impl Peer {
    /// Such as `payment-1`.
    pub(crate) fn name(&self) -> &str {
        &self.instance().name
    }

    fn instance(&self) -> &Instance {
        &self.of.instances()[self.place]
    }
}

impl Wire {
    fn is_open(&self) -> bool {
        !self.driver.is_finished()
    }
}

async fn connect(address: &str) -> anyhow::Result<Wire> {
    let handshake = async {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_max_send_streams(process::MAX_CONCURRENT_STREAMS as usize)
            .max_concurrent_reset_streams(RESET_STREAMS)
            .max_header_list_size(MOST_HEADERS)
            // A storm of answers that come after we gave them up is our
            // subject, not an attack.
            .max_local_error_reset_streams(None)
            .data_frame_budget(usize::MAX)
            .handshake(stream)
            .await?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
        });
        anyhow::Ok(Wire { sender, driver })
    };
    tokio::time::timeout(CONNECT_TIMEOUT, handshake).await?
}

async fn exchange(
    dial: &Dial,
    address: &str,
    request: Request<()>,
    body: Bytes,
) -> Result<Answer, (Lost, anyhow::Error)> {
    let unsent = |error| (Lost::Unreachable, error);
    let wire = dial.get_or_try_init(|| connect(address)).await.map_err(unsent)?;
    let mut sender = wire.sender.clone().ready().await.map_err(|error| unsent(error.into()))?;
    let answer = begin(&mut sender, request, body)?;
    read(answer).await.map_err(|error| (Lost::Broken, error.into()))
}

/// Hands a request over, head and body in one go.
fn begin(
    sender: &mut SendRequest<Bytes>,
    request: Request<()>,
    body: Bytes,
) -> Result<ResponseFuture, (Lost, anyhow::Error)> {
    let sent = sender.send_request(request, body.is_empty());
    let (answer, mut stream) = sent.map_err(|error| (Lost::Unreachable, error.into()))?;
    if !body.is_empty() {
        // The head is out.
        stream.send_data(body, true).map_err(|error| (Lost::Broken, error.into()))?;
    }
    Ok(answer)
}

async fn read(answer: ResponseFuture) -> Result<Answer, h2::Error> {
    let (head, mut stream) = answer.await?.into_parts();
    let mut body = Bytes::new();
    while let Some(part) = stream.data().await {
        let part = part?;
        stream.flow_control().release_capacity(part.len())?;
        body = if body.is_empty() { part } else { joined(&body, &part) };
    }
    let trailers = stream.trailers().await?;
    Ok(Answer { head, body, trailers })
}

/// Answers nearly always come in one part.
fn joined(first: &[u8], second: &[u8]) -> Bytes {
    let mut whole = BytesMut::with_capacity(first.len() + second.len());
    whole.extend_from_slice(first);
    whole.extend_from_slice(second);
    whole.freeze()
}

#[cfg(test)]
mod tests;
