//! A small HTTP/1.1 client for the lab's own APIs (controller, guard, bank):
//! JSON in, JSON out, a connection per request, on loopback or in the lab's own
//! network.
//!
//! Left out: pools, redirects, TLS, retries. The shop's calls are made by
//! `mesh`; of what is measured, only whether a container answers goes through here.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

/// How long an answer may take unless the caller says otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server and the token that it is asked with.
#[derive(Debug, Clone)]
pub struct Client {
    url: String,
    address: String,
    token: String,
    patience: Duration,
}

/// A whole answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status of the answer.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
}

/// Why there is no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody listens there.
    #[error("nobody answers at {url}")]
    Unreachable {
        /// The server.
        url: String,
        /// Why.
        source: std::io::Error,
    },
    /// The exchange broke off.
    #[error("the exchange with {url} broke off")]
    Broken {
        /// The server.
        url: String,
        /// Why.
        source: hyper::Error,
    },
    /// No answer in time.
    #[error("no answer from {url} within {patience:?}")]
    Late {
        /// The server.
        url: String,
        /// How long it had.
        patience: Duration,
    },
    /// The request cannot be written as HTTP.
    #[error("not a request that can be sent")]
    Unsendable(#[source] hyper::http::Error),
    /// The body is not what was asked for.
    #[error("an answer from {url} that this program does not understand")]
    Unreadable {
        /// The server.
        url: String,
        /// Why.
        source: serde_json::Error,
    },
    /// Another status than 2xx.
    #[error("{url} answered {status}: {body}")]
    Refused {
        /// The server.
        url: String,
        /// Its answer.
        status: StatusCode,
        /// The body, as text.
        body: String,
    },
}

impl Client {
    /// A client of the server at `url` (`http://host:port`) with a bearer token.
    pub fn new(url: &str, token: &str) -> Self {
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { url: url.to_owned(), address, token: token.to_owned(), patience: PATIENCE }
    }

    /// The same client with another patience.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The server's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, method: Method, path: &str, body: Option<Bytes>) -> Result<Answer, CallError> {
        let exchange = async {
            let response = self.open(method, path, body).await?;
            let status = response.status();
            let body = response.into_body().collect().await.map_err(|source| self.broken(source))?.to_bytes();
            Ok(Answer { status, body })
        };
        match tokio::time::timeout(self.patience, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(CallError::Late { url: self.url.clone(), patience: self.patience }),
        }
    }

    /// Sends a request and gives the answer as soon as its head is there; the
    /// body may be endless (server-sent events).
    pub async fn open(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Response<Incoming>, CallError> {
        let stream = TcpStream::connect(&self.address).await.map_err(|source| self.unreachable(source))?;
        stream.set_nodelay(true).map_err(|source| self.unreachable(source))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|source| self.broken(source))?;
        // The connection ends with the response's body; its errors surface there.
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.address)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body.unwrap_or_default()))
            .map_err(CallError::Unsendable)?;
        sender.send_request(request).await.map_err(|source| self.broken(source))
    }

    /// `GET`, whose answer must be 2xx and a `T`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.expect(Method::GET, path, None).await
    }

    /// `POST` of a value, whose answer must be 2xx and a `T`.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, CallError> {
        let body = serde_json::to_vec(body).expect("a request is plain data");
        self.expect(Method::POST, path, Some(body.into())).await
    }

    /// Any request, whose answer must be 2xx and a `T`; an empty body reads as `null`.
    pub async fn expect<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<T, CallError> {
        let answer = self.send(method, path, body).await?;
        if !answer.status.is_success() {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(CallError::Refused { url: self.url.clone(), status: answer.status, body });
        }
        let body: &[u8] = if answer.body.is_empty() { b"null" } else { &answer.body };
        serde_json::from_slice(body).map_err(|source| CallError::Unreadable { url: self.url.clone(), source })
    }

    fn unreachable(&self, source: std::io::Error) -> CallError {
        CallError::Unreachable { url: self.url.clone(), source }
    }

    fn broken(&self, source: hyper::Error) -> CallError {
        CallError::Broken { url: self.url.clone(), source }
    }
}
