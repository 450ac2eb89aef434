//! The journal as a file: one line, one write, before the act that it tells of. A line is not synced to the disk: what
//! it must survive is the death of this process, not of the machine, and a sync would delay the act by milliseconds.
//!
//! The chain of hashes itself is `evidence::journal`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use evidence::{Chain, Entry};
use serde_json::Value;

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    chain: Chain,
}

/// Why a journal could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// The file system refused.
    #[error("failed to {act} the journal `{path}`")]
    Io {
        /// `create`, `read` or `write`.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is there is not a sound journal.
    #[error("the journal `{path}` cannot be continued")]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: evidence::Broken,
    },
}

impl Journal {
    /// A new journal; refuses to touch one that exists.
    pub(crate) fn create(path: &Path) -> Result<Self, JournalError> {
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(path)
            .map_err(|source| JournalError::Io { act: "create", path: path.to_owned(), source })?;
        Ok(Self { file, chain: Chain::new() })
    }

    /// Goes on where a journal ends, cutting off a line that its writer did not finish. Also gives what it holds.
    pub(crate) fn resume(path: &Path) -> Result<(Self, Vec<Entry>), JournalError> {
        let failed = |act| move |source| JournalError::Io { act, path: path.to_owned(), source };
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok((Self::create(path)?, Vec::new()));
            }
            Err(error) => return Err(failed("read")(error)),
        };
        let verified = evidence::verify(&text)
            .map_err(|source| JournalError::Broken { path: path.to_owned(), source })?;
        let mut file = OpenOptions::new().append(true).open(path).map_err(failed("open"))?;
        file.set_len(verified.sound_bytes as u64).map_err(failed("write"))?;
        if verified.sound_bytes > 0 && text[verified.sound_bytes - 1] != b'\n' {
            // The last entry is whole and only its line feed is missing.
            file.write_all(b"\n").map_err(failed("write"))?;
        }
        let chain = verified.entries.last().map_or_else(Chain::new, Chain::resume);
        Ok((Self { file, chain }, verified.entries))
    }

    /// Writes one entry.
    pub(crate) fn append(&mut self, t_ms: u64, kind: &str, actor: &str, body: Value) -> io::Result<Entry> {
        // A line that was not written must not be in the chain: work on a copy until it is.
        let mut chain = self.chain.clone();
        let entry = chain.append(t_ms, kind, actor, body);
        let mut line = entry.line();
        line.push('\n');
        self.file.write_all(line.as_bytes())?;
        self.chain = chain;
        Ok(entry)
    }

    /// Hash of the newest line.
    pub(crate) fn head(&self) -> &str {
        self.chain.head()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("firedrill-journal-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn a_journal_killed_in_the_middle_of_a_line_goes_on_after_the_last_whole_one() {
        let path = path("torn");
        let mut journal = Journal::create(&path).unwrap();
        for n in 0..3 {
            journal.append(n, "phase", "controller", json!({"n": n})).unwrap();
        }
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 10]).unwrap();
        let (mut journal, entries) = Journal::resume(&path).unwrap();
        assert_eq!(entries.len(), 2);
        journal.append(9, "phase", "controller", json!({})).unwrap();
        let verified = evidence::verify(std::fs::read(&path).unwrap()).unwrap();
        assert_eq!((verified.entries.len(), verified.torn), (3, None));
        assert_eq!(verified.entries[2].hash, journal.head());
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn an_existing_journal_is_never_overwritten() {
        let path = path("twice");
        Journal::create(&path).unwrap();
        assert!(Journal::create(&path).is_err());
        std::fs::remove_file(path).unwrap();
    }
}
