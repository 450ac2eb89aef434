//! A shop in a few lines: h2c on a free loopback port; it can stall, and it
//! counts the users who leave. Dropping it is a crash.

#![allow(dead_code, reason = "each test binary uses its own part of the shop")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) struct Shop {
    address: SocketAddr,
    stalled: watch::Sender<bool>,
    abandoned: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

/// Counts a user who leaves before the answer.
struct Guest {
    abandoned: Arc<AtomicUsize>,
    answered: bool,
}

impl Drop for Guest {
    fn drop(&mut self) {
        if !self.answered {
            self.abandoned.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stalled = watch::Sender::new(false);
        let abandoned = Arc::new(AtomicUsize::new(0));
        let mut serving = JoinSet::new();
        let (stall, leaving) = (stalled.subscribe(), Arc::clone(&abandoned));
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(serve(stream, stall.clone(), Arc::clone(&leaving)));
            }
        });
        Self { address, stalled, abandoned, _serving: serving }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn stall(&self) {
        self.stalled.send_replace(true);
    }

    pub(crate) fn resume(&self) {
        self.stalled.send_replace(false);
    }

    pub(crate) fn abandoned(&self) -> usize {
        self.abandoned.load(Ordering::Relaxed)
    }
}

async fn serve(stream: TcpStream, stall: watch::Receiver<bool>, abandoned: Arc<AtomicUsize>) {
    stream.set_nodelay(true).unwrap();
    let service = service_fn(move |req: Request<Incoming>| {
        let mut stall = stall.clone();
        let guest = Guest { abandoned: Arc::clone(&abandoned), answered: false };
        async move {
            let mut guest = guest;
            let _ = stall.wait_for(|stalled| !stalled).await;
            guest.answered = true;
            let page = if req.uri().path() == "/" {
                "<html id=firedrill-shop></html>"
            } else {
                "{\"state\":\"confirmed\"}"
            };
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(page.as_bytes()))))
        }
    });
    // The limits of a shop that lets no hidden queue grow at its door.
    let _ = http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(100_000)
        .max_pending_accept_reset_streams(100_000)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
