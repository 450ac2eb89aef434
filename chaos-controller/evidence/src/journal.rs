//! The journal: what happened, in the order in which it was decided, one JSON line each, chained by hashes so that a
//! line changed or removed later is found and named. It detects tampering; it does not prevent it. Writing the lines
//! to a disk, and syncing them before they are acted on, is the controller's work.
//!
//! ```text
//! {v,seq,t_ms,kind,actor,body,prev,hash}     hash = SHA-256(line without `,"hash":".."`)
//!                              ^---- hash of the line before (64 zeros for the first)
//! ```

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The newest line format that this reader understands.
pub const VERSION: u32 = 1;

/// `prev` of the first line.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Format version of the line.
    pub v: u32,
    /// Counts from 0 without a gap.
    pub seq: u64,
    /// Milliseconds since the start of the run on the controller's monotonic clock.
    pub t_ms: u64,
    /// What happened: one of [`crate::kind`].
    pub kind: String,
    /// Who did it: `controller`, `guard`, `script`, or a person's name.
    pub actor: String,
    pub body: Value,
    /// Hash of the line before.
    pub prev: String,
    /// Hash of this line without this field, in hex.
    pub hash: String,
}

impl Entry {
    /// The line as it is written, without the line feed.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("an entry holds only JSON values, so it always serialises")
    }

    /// A field of the body as text; empty if it is not there.
    pub fn text(&self, field: &str) -> &str {
        self.body.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// A field of the body as a number.
    pub fn number(&self, field: &str) -> Option<f64> {
        self.body.get(field).and_then(Value::as_f64)
    }
}

/// The writing end: makes the next line from the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    next: u64,
    prev: String,
}

impl Default for Chain {
    fn default() -> Self {
        Chain::new()
    }
}

impl Chain {
    /// A new journal.
    pub fn new() -> Self {
        Chain { next: 0, prev: GENESIS.to_owned() }
    }

    /// Goes on after `last`, as found by [`verify`].
    pub fn resume(last: &Entry) -> Self {
        Chain { next: last.seq + 1, prev: last.hash.clone() }
    }

    /// The hash of the newest line: what is printed at the end of a run.
    pub fn head(&self) -> &str {
        &self.prev
    }

    /// Chains one more entry. The caller writes `entry.line()` and a line feed, in one write.
    pub fn append(&mut self, t_ms: u64, kind: &str, actor: &str, body: Value) -> Entry {
        let mut entry = Entry {
            v: VERSION,
            seq: self.next,
            t_ms,
            kind: kind.to_owned(),
            actor: actor.to_owned(),
            body,
            prev: self.prev.clone(),
            hash: String::new(),
        };
        let line = entry.line();
        let unsigned = without_hash(line.as_bytes()).expect("a serialised entry ends in its hash");
        entry.hash = digest(&unsigned);
        self.next += 1;
        self.prev.clone_from(&entry.hash);
        entry
    }
}

/// A journal whose chain holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verified {
    pub entries: Vec<Entry>,
    /// The number of a last line that its writer did not finish; it is not among the entries.
    pub torn: Option<usize>,
    /// Length in bytes of the part that holds: a writer that resumes truncates the file to it.
    pub sound_bytes: usize,
}

/// The first line that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("journal line {line} is broken: {reason}")]
pub struct Broken {
    /// Counts from 1.
    pub line: usize,
    pub reason: String,
}

/// Checks every line of a journal against its hash and its predecessor.
///
/// # Errors
/// The first line that was altered, is missing its predecessor, or has a newer format. A last line without a line
/// feed that does not parse is not an error: its writer was killed, and it is reported as `torn`.
pub fn verify(text: impl AsRef<[u8]>) -> Result<Verified, Broken> {
    verify_after(Chain::new(), text.as_ref())
}

/// The same for lines that follow others, as a review follows its journal.
pub(crate) fn verify_after(mut chain: Chain, text: &[u8]) -> Result<Verified, Broken> {
    let mut verified = Verified::default();
    for (index, piece) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let line = index + 1;
        let finished = piece.ends_with(b"\n");
        let body = piece.strip_suffix(b"\n").unwrap_or(piece);
        match check_line(body, &chain) {
            Ok(entry) => {
                chain = Chain::resume(&entry);
                verified.entries.push(entry);
                verified.sound_bytes += piece.len();
            }
            Err(LineFault::Unreadable(_)) if !finished => verified.torn = Some(line),
            Err(LineFault::Unreadable(reason) | LineFault::Altered(reason)) => {
                return Err(Broken { line, reason });
            }
        }
    }
    Ok(verified)
}

enum LineFault {
    /// Not a line of a journal at all: what a torn write leaves.
    Unreadable(String),
    Altered(String),
}

fn check_line(line: &[u8], chain: &Chain) -> Result<Entry, LineFault> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    let version: Version = serde_json::from_slice(line)
        .map_err(|error| LineFault::Unreadable(format!("not a journal line ({error})")))?;
    if version.v > VERSION {
        return Err(LineFault::Altered(format!(
            "format version {} is newer than the newest known here, {VERSION}: use a newer firedrill",
            version.v
        )));
    }
    let entry: Entry = serde_json::from_slice(line)
        .map_err(|error| LineFault::Altered(format!("not a journal line ({error})")))?;
    let unsigned =
        without_hash(line).ok_or_else(|| LineFault::Altered("the hash is not the last field".to_owned()))?;
    let actual = digest(&unsigned);
    if entry.hash != actual {
        return Err(LineFault::Altered(format!(
            "its content was changed: its hash says {}, it is {actual}",
            entry.hash
        )));
    }
    if entry.seq != chain.next {
        return Err(LineFault::Altered(format!("expected entry {}, found {}", chain.next, entry.seq)));
    }
    if entry.prev != chain.prev {
        return Err(LineFault::Altered("it does not follow the line before it".to_owned()));
    }
    Ok(entry)
}

/// Cuts `,"hash":"..."` out of the raw line. The raw bytes are hashed, not a re-serialised value, so that a number
/// written in another way is a change like any other.
fn without_hash(line: &[u8]) -> Option<Vec<u8>> {
    const FIELD: &[u8] = b",\"hash\":\"";
    let start = line.windows(FIELD.len()).rposition(|window| window == FIELD)?;
    let tail = &line[start + FIELD.len()..];
    let hex = tail.strip_suffix(b"\"}")?;
    if !hex.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut unsigned = line[..start].to_vec();
    unsigned.push(b'}');
    Some(unsigned)
}

/// SHA-256 in lower-case hex: the spelling of every hash in a recording.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn journal(lines: u64) -> String {
        let mut chain = Chain::new();
        (0..lines)
            .map(|n| {
                chain
                    .append(n * 10, "phase", "controller", json!({"name": "baseline", "n": n, "x": 0.1}))
                    .line()
                    + "\n"
            })
            .collect()
    }

    #[test]
    fn a_whole_chain_verifies_and_resumes() {
        let text = journal(3);
        let verified = verify(&text).unwrap();
        assert_eq!(verified.entries.len(), 3);
        assert_eq!((verified.torn, verified.sound_bytes), (None, text.len()));
        let mut chain = Chain::resume(&verified.entries[2]);
        let longer = text + &chain.append(40, "phase", "controller", json!({})).line() + "\n";
        assert_eq!(verify(longer).unwrap().entries.len(), 4);
    }

    #[test]
    fn a_changed_line_is_named() {
        let text = journal(4).replacen("\"n\":2", "\"n\":7", 1);
        let broken = verify(text).unwrap_err();
        assert_eq!(broken.line, 3);
        assert!(broken.reason.contains("content was changed"), "{broken}");
    }

    #[test]
    fn a_removed_line_is_named() {
        let text: String =
            journal(4).split_inclusive('\n').enumerate().filter(|(n, _)| *n != 1).map(|(_, l)| l).collect();
        assert_eq!(verify(text).unwrap_err().line, 2);
    }

    #[test]
    fn a_torn_last_line_is_tolerated_and_reported() {
        let text = journal(3);
        let torn = &text.as_bytes()[..text.len() - 20];
        let verified = verify(torn).unwrap();
        assert_eq!((verified.entries.len(), verified.torn), (2, Some(3)));
        assert!(torn[..verified.sound_bytes].ends_with(b"}\n"));
    }

    #[test]
    fn a_torn_line_in_the_middle_is_broken() {
        let text = journal(3);
        let first = text.find('\n').unwrap();
        let cut = format!("{}\n{}", &text[..first - 20], &text[first + 1..]);
        assert_eq!(verify(cut).unwrap_err().line, 1);
    }

    #[test]
    fn a_newer_version_is_refused_clearly() {
        let text = journal(1).replacen("\"v\":1", "\"v\":2", 1);
        let broken = verify(text).unwrap_err();
        assert!(broken.reason.contains("newer"), "{broken}");
    }

    #[test]
    fn a_body_that_quotes_a_hash_does_not_confuse_the_chain() {
        let mut chain = Chain::new();
        let entry = chain.append(0, "action", "eve", json!({"text": ",\"hash\":\"abc\"}"}));
        assert_eq!(verify(entry.line() + "\n").unwrap().entries, vec![entry]);
    }
}
