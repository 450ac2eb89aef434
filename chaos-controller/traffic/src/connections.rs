//! The HTTP/2 connections to the frontend, kept open beside the schedule: a
//! request goes out on one that is up, or fails at once. Nothing here ever
//! makes the schedule wait.
//!
//! Raw connections instead of a pooled client: a pool would queue, retry and
//! open connections in its own time, and the user's eye must not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, Connection, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use process::Endpoints;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Connections there are at least. One would serve, but a single connection's
/// loss would fail every request in flight.
const MIN_CONNECTIONS: usize = 4;
/// How long to wait before dialling again.
const REDIAL: Duration = Duration::from_millis(100);
/// A frontend that does not accept for this long is dialled anew.
const DIAL_LIMIT: Duration = Duration::from_secs(1);
/// Bytes that one answer may have on its way; pages are a few kilobytes.
const STREAM_WINDOW: u32 = 64 * 1024;
/// Bytes that all answers of a connection may have on their way.
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Streams of users who have left that are remembered, so that a late answer
/// is dropped quietly. They are forgotten after a second; above all that a
/// mass departure can bring.
const REMEMBERED_RESETS: usize = 100_000;

type Sender = SendRequest<Full<Bytes>>;

/// The open connections, used in turn. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connections {
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    senders: Vec<(u64, Sender)>,
    turn: usize,
    /// Number for the next connection.
    next: u64,
}

impl Connections {
    /// Sends a request, or hands back nothing when no connection is up.
    /// Dropping the answer resets the stream.
    pub(crate) fn send(
        &self,
        req: Request<Full<Bytes>>,
    ) -> Option<impl Future<Output = hyper::Result<Response<Incoming>>> + Send + use<>> {
        let mut open = self.lock();
        let count = open.senders.len();
        for step in 0..count {
            let place = (open.turn + step) % count;
            if !open.senders[place].1.is_closed() {
                open.turn = place + 1;
                return Some(open.senders[place].1.send_request(req));
            }
        }
        None
    }

    /// How many are up.
    pub(crate) fn count(&self) -> usize {
        self.lock().senders.len()
    }

    /// Keeps connections to all instances of the frontend, an equal number to
    /// each, until `stop`.
    pub(crate) async fn keep(self, mut endpoints: watch::Receiver<Arc<Endpoints>>, stop: CancellationToken) {
        let mut kept: BTreeMap<(String, usize), CancellationToken> = BTreeMap::new();
        loop {
            let wanted = spread(&endpoints.borrow_and_update());
            kept.retain(|line, unwanted| {
                let keep = wanted.contains(line);
                if !keep {
                    unwanted.cancel();
                }
                keep
            });
            for line in wanted {
                let address = line.0.clone();
                kept.entry(line).or_insert_with(|| {
                    let unwanted = stop.child_token();
                    tokio::spawn(self.clone().keep_one(address, unwanted.clone()));
                    unwanted
                });
            }
            tokio::select! {
                () = stop.cancelled() => return,
                changed = endpoints.changed() => if changed.is_err() { return stop.cancelled().await },
            }
        }
    }

    /// Keeps one connection. One that is no longer wanted takes no new
    /// requests; those in flight on it end in their own time.
    async fn keep_one(self, address: String, unwanted: CancellationToken) {
        loop {
            let dialled = tokio::select! {
                dialled = dial(&address) => dialled,
                () = unwanted.cancelled() => return,
            };
            match dialled {
                Ok((sender, connection)) => {
                    let number = self.add(sender);
                    let mut ended = tokio::spawn(connection);
                    tokio::select! {
                        _ = &mut ended => tracing::info!(address, "connection to the frontend ended"),
                        () = unwanted.cancelled() => {}
                    }
                    self.remove(number);
                }
                Err(error) => tracing::debug!(address, error = %error, "frontend not reached"),
            }
            tokio::select! {
                () = tokio::time::sleep(REDIAL) => {}
                () = unwanted.cancelled() => return,
            }
        }
    }

    fn add(&self, sender: Sender) -> u64 {
        let mut open = self.lock();
        let number = open.next;
        open.next += 1;
        open.senders.push((number, sender));
        number
    }

    fn remove(&self, number: u64) {
        self.lock().senders.retain(|(known, _)| *known != number);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connections there should be: (address, number of the connection to it).
fn spread(endpoints: &Endpoints) -> Vec<(String, usize)> {
    let Some(instances) = endpoints.get("frontend").filter(|instances| !instances.is_empty()) else {
        return Vec::new();
    };
    let each = MIN_CONNECTIONS.div_ceil(instances.len());
    instances.iter().flat_map(|instance| (0..each).map(|number| (instance.address.clone(), number))).collect()
}

type Dialled = (Sender, Connection<TokioIo<TcpStream>, Full<Bytes>, TokioExecutor>);

async fn dial(address: &str) -> std::io::Result<Dialled> {
    let stream = tokio::time::timeout(DIAL_LIMIT, TcpStream::connect(address)).await??;
    stream.set_nodelay(true)?;
    http2::Builder::new(TokioExecutor::new())
        .adaptive_window(false)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_reset_streams(REMEMBERED_RESETS)
        .max_local_error_reset_streams(None)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(std::io::Error::other)
}

#[cfg(test)]
mod tests {
    use process::Instance;

    use super::*;

    fn frontends(count: usize) -> Endpoints {
        let instances = (0..count)
            .map(|i| Instance { name: format!("frontend-{i}"), address: format!("10.0.0.{i}:80") })
            .collect();
        Endpoints::from([("frontend".to_owned(), instances)])
    }

    #[test]
    fn every_frontend_gets_the_same_number_of_connections() {
        for (instances, connections) in [(0, 0), (1, 4), (2, 4), (3, 6), (4, 4), (5, 5)] {
            assert_eq!(spread(&frontends(instances)).len(), connections, "{instances} instances");
        }
        assert!(spread(&Endpoints::new()).is_empty());
    }

    #[test]
    fn without_a_connection_a_request_fails_at_once() {
        let connections = Connections::default();
        assert!(connections.send(Request::new(Full::default())).is_none());
        assert_eq!(connections.count(), 0);
    }
}
