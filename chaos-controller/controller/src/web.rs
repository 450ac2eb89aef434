//! One HTTP/1.1 connection, used again and again: for scrapes, probes and ledgers, whose timing or size matters.
//! Everything else goes through `platform::http`.

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A connection that stays open between requests.
#[derive(Debug)]
pub(crate) struct Connection {
    address: String,
    sender: SendRequest<Full<Bytes>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebError {
    /// Nobody listens.
    #[error("failed to connect to {address}")]
    Connect {
        /// The server.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The exchange broke off.
    #[error("the exchange with {address} broke off")]
    Broken {
        /// The server.
        address: String,
        /// Why.
        source: hyper::Error,
    },
    /// Not a request.
    #[error("not a request that can be sent")]
    Unsendable(#[from] http::Error),
    /// There is nobody to ask.
    #[error("no instance of {0} is up")]
    Nobody(&'static str),
    /// Another status than the one that was wanted.
    #[error("{address} answered {status}")]
    Status {
        /// The server.
        address: String,
        /// Its answer.
        status: http::StatusCode,
    },
    /// What came could not be kept.
    #[error("failed to write what {address} sent")]
    Keep {
        /// The server.
        address: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Connection {
    /// Connects to `host:port`.
    pub(crate) async fn open(address: &str) -> Result<Self, WebError> {
        let unreachable = |source| WebError::Connect { address: address.to_owned(), source };
        let stream = TcpStream::connect(address).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|source| WebError::Broken { address: address.to_owned(), source })?;
        // Its errors surface at the request that they hit.
        tokio::spawn(connection);
        Ok(Self { address: address.to_owned(), sender })
    }

    /// Whether it can still be used.
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends a request; the answer's body is still to be read.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, String)],
        body: Bytes,
    ) -> Result<Response<Incoming>, WebError> {
        let mut request =
            Request::builder().method(method).uri(path).header(http::header::HOST, &self.address);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body))?;
        self.sender.ready().await.map_err(|source| self.broken(source))?;
        self.sender.send_request(request).await.map_err(|source| self.broken(source))
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn broken(&self, source: hyper::Error) -> WebError {
        WebError::Broken { address: self.address.clone(), source }
    }
}
