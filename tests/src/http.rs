//! HTTP/1.1 as `curl` speaks it: a connection per request, the whole answer, and how long it took from the first byte
//! sent to the last byte read. Written on the standard library alone, so that it shares no code with what it measures.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    pub body: String,
    pub took: Duration,
}

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Ask {
    method: &'static str,
    address: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
    patience: Duration,
}

impl Ask {
    /// A request to `address`, with or without `http://` before it.
    pub fn new(method: &'static str, address: &str, path: &str) -> Self {
        Self {
            method,
            address: address.trim_start_matches("http://").trim_end_matches('/').to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
            patience: Duration::from_secs(10),
        }
    }

    /// `GET`.
    pub fn get(address: &str, path: &str) -> Self {
        Self::new("GET", address, path)
    }

    /// `POST`.
    pub fn post(address: &str, path: &str) -> Self {
        Self::new("POST", address, path).body("{}")
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `Authorization: Bearer <token>`.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        self.header("authorization", &bearer)
    }

    /// A JSON body.
    #[must_use]
    pub fn body(mut self, body: impl ToString) -> Self {
        self.body = body.to_string();
        self
    }

    /// How long the whole answer may take.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Errors
    /// When there is none in time, or it is no HTTP.
    pub fn send(&self) -> Result<Answer, String> {
        let start = Instant::now();
        let raw = self.exchange(is_whole)?;
        let took = start.elapsed();
        let (head, body) = split(&raw).ok_or_else(|| format!("half an answer from {}", self.address))?;
        let status = status(&head).ok_or_else(|| format!("not HTTP: {head}"))?;
        let body = if is_chunked(&head) { unchunked(body)? } else { body.to_vec() };
        Ok(Answer { status, head, body: String::from_utf8_lossy(&body).into_owned(), took })
    }

    /// Reads an endless answer until it is `enough`, or patience is over.
    ///
    /// # Errors
    /// When the exchange breaks off, or patience ends it.
    pub fn listen(&self, enough: impl Fn(&str) -> bool) -> Result<String, String> {
        let raw = self.exchange(|raw| enough(&String::from_utf8_lossy(raw)))?;
        Ok(String::from_utf8_lossy(&raw).into_owned())
    }

    fn exchange(&self, enough: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, String> {
        let deadline = Instant::now() + self.patience;
        let failed =
            |error: std::io::Error| format!("{} {}{}: {error}", self.method, self.address, self.path);
        let mut stream = TcpStream::connect(&self.address).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        stream.write_all(self.text().as_bytes()).map_err(failed)?;
        let mut raw = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!(
                    "{} {}{}: no answer within {:?}",
                    self.method, self.address, self.path, self.patience
                ));
            }
            stream.set_read_timeout(Some(left)).map_err(failed)?;
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(raw),
                Ok(count) => raw.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(failed(error)),
            }
            if enough(&raw) {
                return Ok(raw);
            }
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{} {} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
            self.method, self.path, self.address
        );
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.body.is_empty() {
            text.push_str(&format!(
                "content-type: application/json\r\ncontent-length: {}\r\n",
                self.body.len()
            ));
        }
        text + "\r\n" + &self.body
    }
}

impl Answer {
    /// Asserts the status.
    ///
    /// # Panics
    /// With the body, when it is another.
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "the answer was {}", self.body);
        self
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("no JSON: {error}: {}", self.body))
    }
}

fn split(raw: &[u8]) -> Option<(String, &[u8])> {
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((String::from_utf8_lossy(&raw[..end]).into_owned(), &raw[end + 4..]))
}

/// Whether all that the head announces is there. Who answers may keep the connection open for longer: a process that it
/// started meanwhile has inherited it.
fn is_whole(raw: &[u8]) -> bool {
    let Some((head, body)) = split(raw) else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    length.is_some_and(|length| body.len() >= length)
}

fn status(head: &str) -> Option<u16> {
    head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

fn is_chunked(head: &str) -> bool {
    head.to_ascii_lowercase().contains("transfer-encoding: chunked")
}

/// The body behind its chunks; an answer that was cut short is no answer.
fn unchunked(mut rest: &[u8]) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n").ok_or("a chunk without a size")?;
        let size =
            std::str::from_utf8(&rest[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.ok_or("a chunk whose size is no number")?;
        if size == 0 {
            return Ok(body);
        }
        let chunk = rest.get(end + 2..end + 2 + size).ok_or("an answer that was cut short")?;
        body.extend_from_slice(chunk);
        rest = rest.get(end + 2 + size + 2..).ok_or("an answer that was cut short")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_and_half_an_answer_is_none() {
        assert_eq!(unchunked(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), Ok(b"abcde".to_vec()));
        assert!(unchunked(b"3\r\nabc\r\n").is_err());
        assert!(unchunked(b"9\r\nabc").is_err());
    }

    #[test]
    fn an_answer_is_whole_when_all_that_it_announced_is_there() {
        assert!(is_whole(b"HTTP/1.1 200 OK\r\nContent-Length:2\r\n\r\nab"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"));
    }

    #[test]
    fn a_head_tells_its_status() {
        let (head, body) = split(b"HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\nrest").unwrap();
        assert_eq!((status(&head), is_chunked(&head), body), (Some(503), true, &b"rest"[..]));
    }
}
