//! Where a Prometheus is: `http://host:port`, with a path before its API if it is served below one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use platform::http::{CallError, Client};
use process::service_url;

/// What Prometheus listens on unless it is told.
const PORT: &str = "9090";

/// A Prometheus that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `host:port`.
    host: String,
    /// What stands before `/api/v1`; empty, or begins with `/`.
    prefix: String,
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no address of a Prometheus: {why}; allowed is such as http://prometheus:9090")]
pub struct NoAddress {
    text: String,
    why: &'static str,
}

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let failed = |why| NoAddress { text: text.to_owned(), why };
        let rest = match text.split_once("://") {
            Some(("http", rest)) => rest,
            Some(("https", _)) => return Err(failed("TLS is not spoken here")),
            Some(_) => return Err(failed("it begins with http://")),
            None => text,
        };
        if rest.contains(['@', '?', '#']) || rest.contains(char::is_whitespace) {
            return Err(failed("a user, a query or a blank has no place in it"));
        }
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port),
            _ => (host, PORT),
        };
        if name.is_empty() || port.parse::<u16>().is_err() {
            return Err(failed("it names a host, and a port from 1 to 65535"));
        }
        let path = path.trim_end_matches('/');
        let prefix = if path.is_empty() { String::new() } else { format!("/{path}") };
        Ok(Self { host: format!("{name}:{port}"), prefix })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.host, self.prefix)
    }
}

impl Address {
    /// The answer of its API to `path`, which begins with `/api/v1`.
    ///
    /// # Errors
    /// No answer within `patience`, or a refusal.
    pub(super) async fn ask(&self, path: &str, patience: Duration) -> Result<Bytes, CallError> {
        let client = Client::new(&service_url(&format!("http://{}", self.host)), "").patient(patience);
        let answer = client.send(Method::GET, &format!("{}{path}", self.prefix), None).await?;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        let body = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
        Err(CallError::Refused { url: self.to_string(), status: answer.status, body })
    }
}

/// A query as a parameter.
pub(super) fn encoded(query: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    query.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_and_without_its_parts() {
        for (text, read) in [
            ("http://prometheus:9090", "http://prometheus:9090"),
            ("http://prometheus", "http://prometheus:9090"),
            ("127.0.0.1:19090/", "http://127.0.0.1:19090"),
            ("http://[::1]", "http://[::1]:9090"),
            ("http://shared:80/prom/", "http://shared:80/prom"),
        ] {
            assert_eq!(text.parse::<Address>().map(|address| address.to_string()), Ok(read.to_owned()));
        }
    }

    #[test]
    fn what_is_no_address_is_told_with_what_is_allowed() {
        for text in
            ["https://prometheus", "ftp://x", "http://", "http://x:port", "http://u:p@x:1", "http://x:1?y=1"]
        {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("allowed is"), "{error}");
        }
    }
}
