//! A run's recording as one value: the files by name go in, the decoded evidence and what is wrong with it come out.
//! A broken journal is refused; a file that is missing or was altered is a problem of the seal, which makes the
//! verdict void but leaves the rest readable.

use std::collections::BTreeMap;

use crate::journal::{self, Broken, Entry};
use crate::kind;
use crate::ledger::{self, Ledgers};
use crate::requests::{self, Request};
use crate::samples::Samples;
use crate::traces::Trace;

pub const JOURNAL: &str = "journal.jsonl";
pub const PLAN: &str = "plan.yaml";
pub const SAMPLES: &str = "samples.bin";
pub const REQUESTS: &str = "requests.bin";
pub const SPANS: &str = "spans.jsonl";
pub const CHARGES: &str = "ledgers/charges.jsonl";
pub const ORDERS: &str = "ledgers/orders.jsonl";
pub const STOCK: &str = "ledgers/stock.jsonl";

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
    /// Traces that show what happened, a bounded choice of those that were kept; by their start.
    pub traces: Vec<Trace>,
    /// What was added after the seal.
    pub review: Vec<Entry>,
    pub seal: Seal,
    /// Hash of the last line of the journal.
    pub head: String,
}

/// Whether the files are those that the run sealed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seal {
    /// The journal ends in a seal.
    pub present: bool,
    /// Every file that is missing, altered or unreadable, and how.
    pub problems: Vec<String>,
}

impl Seal {
    pub fn holds(&self) -> bool {
        self.present && self.problems.is_empty()
    }
}

/// Why a recording is refused outright (exit code 104).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("the recording has no {JOURNAL}")]
    NoJournal,
    #[error("the journal's chain does not hold")]
    Journal(#[from] Broken),
}

impl Recording {
    /// Opens a recording from its files, named relative to the run's folder.
    ///
    /// # Errors
    /// No journal, or one whose chain is broken or of a newer version.
    pub fn open(files: BTreeMap<String, Vec<u8>>) -> Result<Recording, OpenError> {
        let verified = journal::verify(files.get(JOURNAL).ok_or(OpenError::NoJournal)?)?;
        let mut seal = check_seal(&verified.entries, &files);
        if let Some(line) = verified.torn {
            seal.problems.push(format!("{JOURNAL} line {line} was not finished by its writer"));
        }
        let mut recording = Recording {
            plan_text: files
                .get(PLAN)
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
                .unwrap_or_default(),
            head: verified.entries.last().map(|entry| entry.hash.clone()).unwrap_or_default(),
            journal: verified.entries,
            ..Recording::default()
        };
        let problems = &mut seal.problems;
        if let Some(samples) = decoded(&files, SAMPLES, problems, Samples::decode) {
            recording.samples = samples;
        }
        if let Some(requests) = decoded(&files, REQUESTS, problems, requests::decode) {
            recording.requests = requests;
        }
        recording.ledgers = Ledgers {
            charges: decoded(&files, CHARGES, problems, rows),
            orders: decoded(&files, ORDERS, problems, rows),
            stock: decoded(&files, STOCK, problems, rows),
        };
        recording.seal = seal;
        Ok(recording)
    }

    /// The journal's entries of one kind.
    pub fn entries<'a>(&'a self, kind: &'a str) -> impl DoubleEndedIterator<Item = &'a Entry> + 'a {
        self.journal.iter().filter(move |entry| entry.kind == kind)
    }
}

fn rows<T: for<'de> serde::Deserialize<'de>>(bytes: &[u8]) -> Result<Vec<T>, String> {
    ledger::parse(bytes).map_err(|(line, reason)| format!("line {line}: {reason}"))
}

fn decoded<T, E: std::fmt::Display>(
    files: &BTreeMap<String, Vec<u8>>,
    name: &str,
    problems: &mut Vec<String>,
    decode: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Option<T> {
    match decode(files.get(name)?) {
        Ok(value) => Some(value),
        Err(error) => {
            problems.push(format!("{name} does not decode: {error}"));
            None
        }
    }
}

fn check_seal(entries: &[Entry], files: &BTreeMap<String, Vec<u8>>) -> Seal {
    let Some(entry) = entries.last().filter(|entry| entry.kind == kind::SEALED) else {
        return Seal { present: false, problems: vec!["the journal does not end in a seal".to_owned()] };
    };
    let mut problems = Vec::new();
    let sealed = entry.body.get("files").and_then(|files| files.as_object());
    let hash_of = |name: &str| sealed.and_then(|sealed| sealed.get(name)).and_then(|hash| hash.as_str());
    for name in sealed.into_iter().flat_map(|sealed| sealed.keys()) {
        match files.get(name) {
            None => problems.push(format!("{name} is missing")),
            Some(bytes) if Some(journal::digest(bytes).as_str()) != hash_of(name) => {
                problems.push(format!("{name} was altered after it was sealed"));
            }
            Some(_) => {}
        }
    }
    for name in [PLAN, SAMPLES, REQUESTS, CHARGES, ORDERS] {
        if hash_of(name).is_none() {
            problems.push(format!("{name} was not sealed"));
        }
    }
    Seal { present: true, problems }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Chain;
    use serde_json::json;

    fn files() -> BTreeMap<String, Vec<u8>> {
        let mut files: BTreeMap<String, Vec<u8>> =
            SEALED_FILES.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        files.insert(PLAN.to_owned(), b"drill: x".to_vec());
        let hashes: BTreeMap<&str, String> =
            files.iter().map(|(n, b)| (n.as_str(), journal::digest(b))).collect();
        let line = Chain::new().append(9, kind::SEALED, "controller", json!({"files": hashes})).line() + "\n";
        files.insert(JOURNAL.to_owned(), line.into_bytes());
        files
    }

    #[test]
    fn sealed_files_hold() {
        let recording = Recording::open(files()).unwrap();
        assert!(recording.seal.holds(), "{:?}", recording.seal);
        assert_eq!(recording.plan_text, "drill: x");
        assert_eq!(recording.ledgers.orders, Some(vec![]));
    }

    #[test]
    fn altered_and_missing_files_break_the_seal_by_name() {
        let mut files = files();
        files.insert(PLAN.to_owned(), b"drill: y".to_vec());
        files.remove(SAMPLES);
        let seal = Recording::open(files).unwrap().seal;
        assert_eq!(seal.problems, ["plan.yaml was altered after it was sealed", "samples.bin is missing"]);
    }

    #[test]
    fn a_broken_chain_is_refused() {
        let mut files = files();
        files.get_mut(JOURNAL).unwrap()[6] ^= 1;
        assert!(matches!(Recording::open(files), Err(OpenError::Journal(_))));
        assert_eq!(Recording::open(BTreeMap::new()).unwrap_err(), OpenError::NoJournal);
    }

    #[test]
    fn a_run_without_a_seal_is_readable_but_not_sealed() {
        let mut files = files();
        let line =
            Chain::new().append(0, kind::PHASE, "controller", json!({"name": "baseline"})).line() + "\n";
        files.insert(JOURNAL.to_owned(), line.into_bytes());
        let recording = Recording::open(files).unwrap();
        assert!(!recording.seal.holds());
        assert_eq!(recording.entries(kind::PHASE).count(), 1);
    }
}
