//! A web server that does nothing but answer, over HTTP/1.1 and HTTP/2: what a load generator costs is measured against
//! it, because nearly all of what is measured then is the generator.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;

/// What the lab's generator takes for the shop's page.
const PAGE: &str = "<html id=firedrill-shop></html>";
/// Requests of a client that waits out a stall are all open at once.
const STREAMS: u32 = 100_000;

/// Serves until the process ends.
pub(crate) fn serve(announce: impl FnOnce(&str) -> std::io::Result<()>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        announce(&listener.local_addr()?.to_string())?;
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http2().max_concurrent_streams(STREAMS);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let connection = builder.serve_connection(TokioIo::new(stream), service_fn(answer)).into_owned();
            tokio::spawn(async move {
                // Whoever breaks off has finished measuring.
                let _ = connection.await;
            });
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    Ok(Response::new(Full::new(Bytes::from_static(PAGE.as_bytes()))))
}
