//! The controller's events as they come: server-sent events, one JSON document
//! in each `data:`. Comments and other fields are skipped.

use controller::api::Event;
use http_body_util::BodyExt as _;
use hyper::Method;
use hyper::body::Incoming;
use platform::http::CallError;

use crate::api::Api;

/// An open stream of events.
pub(crate) struct Events {
    body: Incoming,
    reader: Reader,
}

/// Cuts a byte stream into events.
#[derive(Debug, Default)]
struct Reader {
    bytes: Vec<u8>,
    data: String,
    ready: std::collections::VecDeque<Event>,
}

impl Events {
    /// Opens the stream; every event after this moment is in it.
    pub(crate) async fn open(api: &Api) -> Result<Self, CallError> {
        let response = api.client().open(Method::GET, "/api/events", None).await?;
        if !response.status().is_success() {
            let status = response.status();
            return Err(CallError::Refused {
                url: api.client().url().to_owned(),
                status,
                body: "no events".into(),
            });
        }
        Ok(Self { body: response.into_body(), reader: Reader::default() })
    }

    /// The next event; `None` when the controller closed the stream or is gone.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.reader.ready.pop_front() {
                return Some(event);
            }
            let frame = self.body.frame().await?.ok()?;
            if let Some(bytes) = frame.data_ref() {
                self.reader.feed(bytes);
            }
        }
    }
}

impl Reader {
    fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(length) = self.bytes[start..].iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&self.bytes[start..start + length]).into_owned();
            start += length + 1;
            self.line(line.trim_end_matches('\r'));
        }
        self.bytes.drain(..start);
    }

    fn line(&mut self, line: &str) {
        if let Some(data) = line.strip_prefix("data:") {
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
        } else if line.is_empty() && !self.data.is_empty() {
            // An event of a newer controller is not ours to understand.
            self.ready.extend(serde_json::from_str(&self.data));
            self.data.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_across_any_cut() {
        let stream = b": hi\n\ndata: {\"pulse\":{\"t_ms\":1,\"phase\":null,\"users\":{\"offered\":0,\"ended\":0,\"journeys\":[]},\
            \"pools\":[],\"charges_per_s\":0.0,\"order_503\":0.0,\"cart_504\":0.0,\"unsettled\":0,\"breakers\":[]}}\n\n\
            event: x\r\ndata: {\"journal\":{\"t_ms\":2,\"kind\":\"phase\",\r\ndata: \"actor\":\"a\",\"body\":{}}}\r\n\r\n\
            data: {\"of tomorrow\":{}}\n\n";
        for cut in 1..stream.len() {
            let mut reader = Reader::default();
            stream.chunks(cut).for_each(|bytes| reader.feed(bytes));
            assert_eq!(reader.ready.len(), 2, "cut {cut}");
            assert!(matches!(&reader.ready[1], Event::Journal { t_ms: 2, .. }));
        }
    }
}
