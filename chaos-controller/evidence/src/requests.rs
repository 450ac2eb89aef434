//! The user's eye: every request that `traffic` sent, from its intended send time. One block per batch, each readable
//! alone, about 12 bytes a request (45 minutes at 900/s are 30 MB). Goodput is judged by `grader`.

use crate::wire::{CodecError, Reader, put_frame, put_signed, put_varint};

/// Journeys in the order of their numbers, as the lab writes them.
pub const JOURNEYS: [&str; 5] = ["home", "search", "account", "prepare_checkout", "checkout"];

const MAGIC: &[u8; 8] = b"FDREQ\0\0\x01";

/// One request of a user. All times are relative to the start of the run, on the controller's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// When it should have been sent: latency counts from here, so a late generator hides nothing.
    pub intended_us: u64,
    /// Index into [`JOURNEYS`].
    pub journey: u8,
    /// Number of the arrival within its journey; names the order of a checkout.
    pub index: u64,
    /// The user's number, from 1.
    pub user: u32,
    /// Sent this long after the intended time.
    pub lateness_us: u64,
    /// From the intended time to the whole answer, or to the moment the user left.
    pub latency_us: u64,
    pub outcome: Outcome,
}

impl Request {
    pub fn intended_ms(&self) -> u64 {
        self.intended_us / 1_000
    }
}

/// What the user got, in the words of the control protocol (its numbers less one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Outcome {
    /// 200 with the expected content.
    Ok = 0,
    /// 202: the order is accepted, its payment pending.
    Pending = 1,
    /// 503.
    Unavailable = 2,
    /// 504.
    Timeout = 3,
    /// Any other status.
    Other = 4,
    /// The user's patience ended first.
    GaveUp = 5,
    /// Refused, reset, broken off.
    Connection = 6,
    /// 200 without the expected content.
    Wrong = 7,
}

impl Outcome {
    pub const ALL: [Outcome; 8] = [
        Outcome::Ok,
        Outcome::Pending,
        Outcome::Unavailable,
        Outcome::Timeout,
        Outcome::Other,
        Outcome::GaveUp,
        Outcome::Connection,
        Outcome::Wrong,
    ];

    /// The label value in metrics and exports.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Pending => "pending",
            Outcome::Unavailable => "503",
            Outcome::Timeout => "504",
            Outcome::Other => "other",
            Outcome::GaveUp => "gave_up",
            Outcome::Connection => "connection",
            Outcome::Wrong => "wrong",
        }
    }

    /// The outcome with this number; numbers never change their meaning.
    pub fn from_number(number: u8) -> Option<Outcome> {
        Outcome::ALL.get(usize::from(number)).copied()
    }
}

/// Encodes batches as they arrive; the bytes are appended to `requests.bin`.
#[derive(Debug, Default)]
pub struct RequestWriter {
    started: bool,
}

impl RequestWriter {
    pub fn new() -> Self {
        RequestWriter::default()
    }

    /// The bytes of one batch; empty for an empty batch. The first batch carries the file's header.
    pub fn batch(&mut self, requests: &[Request]) -> Vec<u8> {
        let mut out = Vec::new();
        if requests.is_empty() {
            return out;
        }
        if !self.started {
            self.started = true;
            out.extend_from_slice(MAGIC);
        }
        let mut payload = Vec::with_capacity(requests.len() * 12);
        put_varint(&mut payload, requests.len() as u64);
        let mut last_intended = 0u64;
        let mut last_index = [0u64; JOURNEYS.len() + 1];
        for request in requests {
            let slot = usize::from(request.journey).min(JOURNEYS.len());
            payload.push((request.journey << 3) | request.outcome as u8);
            put_signed(&mut payload, request.intended_us.wrapping_sub(last_intended) as i64);
            put_signed(&mut payload, request.index.wrapping_sub(last_index[slot]) as i64);
            put_varint(&mut payload, u64::from(request.user));
            put_varint(&mut payload, request.lateness_us);
            put_varint(&mut payload, request.latency_us);
            last_intended = request.intended_us;
            last_index[slot] = request.index;
        }
        put_frame(&mut out, &payload);
        out
    }
}

/// Every request of a recording, in the order of arrival of its answer. A block cut off at the end is left out.
///
/// # Errors
/// The header is not ours, or a block is corrupt.
pub fn decode(bytes: &[u8]) -> Result<Vec<Request>, CodecError> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let body = bytes.strip_prefix(MAGIC).ok_or(CodecError::Header { expected: "requests" })?;
    let mut frames = Reader::new(body);
    let mut requests = Vec::new();
    while let Some(frame) = frames.frame() {
        let offset = MAGIC.len() + frames.position();
        block(frame, &mut requests).ok_or(CodecError::Corrupt { what: "request block before", offset })?;
    }
    Ok(requests)
}

fn block(frame: &[u8], requests: &mut Vec<Request>) -> Option<()> {
    let mut reader = Reader::new(frame);
    let count = reader.varint()?;
    let mut last_intended = 0u64;
    let mut last_index = [0u64; JOURNEYS.len() + 1];
    for _ in 0..count {
        let head = reader.byte()?;
        let journey = head >> 3;
        let slot = usize::from(journey).min(JOURNEYS.len());
        last_intended = last_intended.wrapping_add(reader.signed()? as u64);
        last_index[slot] = last_index[slot].wrapping_add(reader.signed()? as u64);
        requests.push(Request {
            intended_us: last_intended,
            journey,
            index: last_index[slot],
            user: u32::try_from(reader.varint()?).ok()?,
            lateness_us: reader.varint()?,
            latency_us: reader.varint()?,
            outcome: Outcome::from_number(head & 7)?,
        });
    }
    reader.is_empty().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_request() -> impl Strategy<Value = Request> {
        (any::<u64>(), 0u8..5, any::<u64>(), any::<u32>(), any::<u64>(), any::<u64>(), 0u8..8).prop_map(
            |(intended_us, journey, index, user, lateness_us, latency_us, outcome)| Request {
                intended_us,
                journey,
                index,
                user,
                lateness_us,
                latency_us,
                outcome: Outcome::from_number(outcome).unwrap(),
            },
        )
    }

    proptest! {
        #[test]
        fn requests_survive_the_recording(batches in prop::collection::vec(prop::collection::vec(any_request(), 0..40), 0..6)) {
            let mut writer = RequestWriter::new();
            let bytes: Vec<u8> = batches.iter().flat_map(|batch| writer.batch(batch)).collect();
            prop_assert_eq!(decode(&bytes).unwrap(), batches.concat());
        }
    }

    #[test]
    fn a_long_run_stays_small() {
        let mut writer = RequestWriter::new();
        let bytes: usize = (0..900u64)
            .map(|second| {
                let batch: Vec<Request> = (0..90)
                    .map(|n| Request {
                        intended_us: second * 100_000 + n * 1_111,
                        journey: (n % 5) as u8,
                        index: second * 18 + n / 5,
                        user: (n * 7_919 % 50_000) as u32,
                        lateness_us: 200,
                        latency_us: 101_000 + n,
                        outcome: Outcome::Ok,
                    })
                    .collect();
                writer.batch(&batch).len()
            })
            .sum();
        let per_request = bytes as f64 / (900.0 * 90.0);
        assert!(per_request * 900.0 * 2_700.0 < 40e6, "{per_request} bytes a request");
    }

    #[test]
    fn a_cut_block_loses_only_itself() {
        let one = Request {
            intended_us: 5,
            journey: 4,
            index: 1,
            user: 7,
            lateness_us: 0,
            latency_us: 9,
            outcome: Outcome::Pending,
        };
        let mut writer = RequestWriter::new();
        let mut bytes = writer.batch(&[one]);
        let second = writer.batch(&[one, one]);
        bytes.extend_from_slice(&second[..second.len() - 3]);
        assert_eq!(decode(&bytes).unwrap(), vec![one]);
        assert!(decode(b"something else").is_err());
    }
}
