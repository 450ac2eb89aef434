//! One file of a recording, fed in pieces: its hash, and what it holds. Only what is judged stays: of the spans a choice,
//! for which a few of the lines are asked for once more; of the stock ledger nothing but its hash.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::{CHARGES, ORDERS, PLAN, REQUESTS, Recording, SAMPLES, SPANS};
use crate::ledger::{Charge, Order, Rows};
use crate::requests::{self, Request};
use crate::samples::Samples;
use crate::traces::{Chosen, Scan};

/// A file that is being read.
#[derive(Debug)]
pub struct Decoding {
    name: String,
    hash: Sha256,
    taken: Taken,
}

/// A file that was read.
#[derive(Debug)]
pub struct Decoded {
    name: String,
    hash: String,
    held: Result<Held, String>,
}

/// What is kept of the pieces.
#[derive(Debug)]
enum Taken {
    /// These are a hundredth of a recording, and decoded as a whole.
    Plan(Vec<u8>),
    Samples(Vec<u8>),
    Requests(Vec<u8>),
    Spans(Scan),
    Charges(Rows<Charge>),
    Orders(Rows<Order>),
    Nothing,
}

#[derive(Debug)]
enum Held {
    Plan(String),
    Samples(Samples),
    Requests(Vec<Request>),
    Spans(Chosen),
    Charges(Vec<Charge>),
    Orders(Vec<Order>),
    Nothing,
}

impl Decoding {
    /// Begins to read the file of this name, one of [`super::SEALED_FILES`]; of any other only the hash is taken.
    pub fn of(name: &str) -> Decoding {
        let taken = match name {
            PLAN => Taken::Plan(Vec::new()),
            SAMPLES => Taken::Samples(Vec::new()),
            REQUESTS => Taken::Requests(Vec::new()),
            SPANS => Taken::Spans(Scan::default()),
            CHARGES => Taken::Charges(Rows::default()),
            ORDERS => Taken::Orders(Rows::default()),
            _ => Taken::Nothing,
        };
        Decoding { name: name.to_owned(), hash: Sha256::new(), taken }
    }

    /// The next piece, cut anywhere.
    pub fn feed(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        match &mut self.taken {
            Taken::Plan(bytes) | Taken::Samples(bytes) | Taken::Requests(bytes) => {
                bytes.extend_from_slice(piece);
            }
            Taken::Spans(scan) => scan.feed(piece),
            Taken::Charges(rows) => rows.feed(piece),
            Taken::Orders(rows) => rows.feed(piece),
            Taken::Nothing => {}
        }
    }

    /// The file is over.
    pub fn finish(self) -> Decoded {
        let held = match self.taken {
            Taken::Plan(bytes) => Ok(Held::Plan(String::from_utf8_lossy(&bytes).into_owned())),
            Taken::Samples(bytes) => {
                Samples::decode(&bytes).map(Held::Samples).map_err(|error| error.to_string())
            }
            Taken::Requests(bytes) => {
                requests::decode(&bytes).map(Held::Requests).map_err(|error| error.to_string())
            }
            Taken::Spans(scan) => Ok(Held::Spans(scan.finish())),
            Taken::Charges(rows) => rows.finish().map(Held::Charges),
            Taken::Orders(rows) => rows.finish().map(Held::Orders),
            Taken::Nothing => Ok(Held::Nothing),
        };
        Decoded { name: self.name, hash: hex::encode(self.hash.finalize()), held }
    }
}

impl Decoded {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of all of it.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The lines that are wanted once more, by their bytes, in the order of the file.
    pub fn wanted(&self) -> &[Range<u64>] {
        match &self.held {
            Ok(Held::Spans(chosen)) => chosen.wanted(),
            _ => &[],
        }
    }

    /// One of them.
    pub fn show(&mut self, line: &[u8]) {
        if let Ok(Held::Spans(chosen)) = &mut self.held {
            chosen.show(line);
        }
    }

    pub(super) fn problem(&self) -> Option<String> {
        let reason = self.held.as_ref().err()?;
        Some(format!("{} does not decode: {reason}", self.name))
    }

    /// Puts what it holds in its place.
    pub(super) fn fill(self, recording: &mut Recording) {
        match self.held {
            Ok(Held::Plan(text)) => recording.plan_text = text,
            Ok(Held::Samples(samples)) => recording.samples = samples,
            Ok(Held::Requests(requests)) => recording.requests = requests,
            Ok(Held::Spans(chosen)) => recording.traces = chosen.traces(),
            Ok(Held::Charges(rows)) => recording.ledgers.charges = Some(rows),
            Ok(Held::Orders(rows)) => recording.ledgers.orders = Some(rows),
            Ok(Held::Nothing) | Err(_) => {}
        }
    }
}
