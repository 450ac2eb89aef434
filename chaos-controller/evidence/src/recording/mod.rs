//! A run's recording as one value: its files go in, piece by piece, and the decoded evidence comes out, with what is
//! wrong with it. A broken journal or review is refused; a file that is missing or was altered is a problem of the seal,
//! which makes the verdict void but leaves the rest readable.
//!
//! ```text
//! journal, review ----------------------> Chains   hold, or the recording is refused
//! each sealed file -> pieces, in any order of files and on any thread
//!                     -> Decoding -> Decoded       its hash, and what it holds
//! Chains + all that is Decoded ---------> Recording
//! ```

mod chains;
mod decoding;
mod seal;

use std::collections::BTreeMap;

use crate::journal::Entry;
use crate::ledger::Ledgers;
use crate::requests::Request;
use crate::review::REVIEW;
use crate::samples::Samples;
use crate::traces::Trace;

pub use chains::{Chains, OpenError};
pub use decoding::{Decoded, Decoding};
pub use seal::Seal;

pub const JOURNAL: &str = "journal.jsonl";
pub const PLAN: &str = "plan.yaml";
pub const SAMPLES: &str = "samples.bin";
pub const REQUESTS: &str = "requests.bin";
pub const SPANS: &str = "spans.jsonl";
pub const CHARGES: &str = "ledgers/charges.jsonl";
pub const ORDERS: &str = "ledgers/orders.jsonl";
pub const STOCK: &str = "ledgers/stock.jsonl";
/// Written by people; the seal does not cover it.
pub const POSTMORTEM: &str = "postmortem.md";

/// The files that the seal covers.
pub const SEALED_FILES: [&str; 7] = [PLAN, SAMPLES, REQUESTS, SPANS, CHARGES, ORDERS, STOCK];

/// Everything that a verdict may rest on.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    pub plan_text: String,
    pub journal: Vec<Entry>,
    pub samples: Samples,
    pub requests: Vec<Request>,
    pub ledgers: Ledgers,
    /// Traces that show what happened, a bounded choice of those that were kept ([`crate::traces::Scan`] says which);
    /// by their start.
    pub traces: Vec<Trace>,
    /// What was added after the seal.
    pub review: Vec<Entry>,
    /// What was written about the run, after the seal as well; nothing vouches for it.
    pub postmortem: Option<String>,
    pub seal: Seal,
    /// Hash of the last line of the journal.
    pub head: String,
}

impl Recording {
    /// A recording from its chains and its files. A file that is not among them is missing.
    pub fn assemble(chains: Chains, files: Vec<Decoded>) -> Recording {
        let mut recording = Recording {
            seal: seal::check(&chains, &files),
            head: chains.journal.entries.last().map(|entry| entry.hash.clone()).unwrap_or_default(),
            journal: chains.journal.entries,
            review: chains.review,
            ..Recording::default()
        };
        for file in files {
            file.fill(&mut recording);
        }
        recording
    }

    /// A recording from its files in memory, named relative to the run's folder.
    ///
    /// # Errors
    /// No journal, or a chain that is broken or of a newer version.
    pub fn open(files: BTreeMap<String, Vec<u8>>) -> Result<Recording, OpenError> {
        let of = |name: &str| files.get(name).map(Vec::as_slice);
        let chains = Chains::verify(of(JOURNAL), of(REVIEW))?;
        let decoded = SEALED_FILES.iter().filter_map(|name| {
            let bytes = of(name)?;
            let mut decoding = Decoding::of(name);
            decoding.feed(bytes);
            let mut decoded = decoding.finish();
            for range in decoded.wanted().to_vec() {
                decoded.show(&bytes[range.start as usize..range.end as usize]);
            }
            Some(decoded)
        });
        let postmortem = of(POSTMORTEM).map(|text| String::from_utf8_lossy(text).into_owned());
        Ok(Recording { postmortem, ..Recording::assemble(chains, decoded.collect()) })
    }

    /// The journal's entries of one kind.
    pub fn entries<'a>(&'a self, kind: &'a str) -> impl DoubleEndedIterator<Item = &'a Entry> + 'a {
        self.journal.iter().filter(move |entry| entry.kind == kind)
    }
}

#[cfg(test)]
mod tests;
