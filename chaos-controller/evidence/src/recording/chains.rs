//! The two hash chains of a recording: the journal, and the review that follows its seal. Everything else may be
//! damaged and is judged; a chain that does not hold is nothing to judge by.

use super::JOURNAL;
use crate::journal::{self, Broken, Entry, Verified};
use crate::kind;
use crate::review::{self, REVIEW};

/// Both chains, and they hold.
#[derive(Debug, Clone, Default)]
pub struct Chains {
    pub(super) journal: Verified,
    pub(super) review: Vec<Entry>,
}

/// Why a recording is refused outright (exit code 104).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("the recording has no {JOURNAL}")]
    NoJournal,
    #[error("the journal's chain does not hold")]
    Journal(#[from] Broken),
    #[error("{REVIEW} line {} is broken: {}", .0.line, .0.reason)]
    Review(Broken),
}

impl Chains {
    /// Checks every line of both; most runs have no review.
    ///
    /// # Errors
    /// No journal, or one without a whole line; or the first line that does not hold.
    pub fn verify(journal: Option<&[u8]>, review: Option<&[u8]>) -> Result<Chains, OpenError> {
        let journal = journal::verify(journal.ok_or(OpenError::NoJournal)?)?;
        if journal.entries.is_empty() {
            return Err(OpenError::NoJournal);
        }
        let review = match review.filter(|text| !text.is_empty()) {
            Some(text) => {
                let seal = seal(&journal.entries).ok_or_else(|| {
                    let reason = "it follows a seal, and the journal does not end in one".to_owned();
                    OpenError::Review(Broken { line: 1, reason })
                })?;
                review::verify(seal, text).map_err(OpenError::Review)?
            }
            None => Vec::new(),
        };
        Ok(Chains { journal, review })
    }
}

/// The seal, if the journal ends in one.
pub(super) fn seal(journal: &[Entry]) -> Option<&Entry> {
    journal.last().filter(|entry| entry.kind == kind::SEALED)
}
