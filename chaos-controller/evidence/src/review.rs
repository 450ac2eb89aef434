//! What is added to a run after it was sealed: an instructor's marks, somebody's own score, action items and what became
//! of them. A file of its own beside the journal, `review.jsonl`, in lines of the same form, whose first line follows the
//! seal: the run stays as it was sealed, and the review cannot be moved to another run.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::journal::{self, Broken, Chain, Entry};

/// The file in the run's folder.
pub const REVIEW: &str = "review.jsonl";

/// One line of a review. The entry's kind is its verb.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Note {
    /// A mark on a row that is a person's to give.
    Mark {
        row: String,
        mark: String,
        #[serde(default)]
        reason: String,
    },
    /// Another value than the machine's, and why.
    Overrule { row: String, mark: String, reason: String },
    /// Whoever played, on themselves, 1 to 5.
    SelfScore {
        row: String,
        score: u8,
        #[serde(default)]
        reason: String,
    },
    /// A later run has proven an action item of the postmortem.
    ActionClosed { id: String, run: String, head: String },
}

impl Note {
    pub fn of(entry: &Entry) -> Option<Note> {
        serde_json::from_value(entry.body.clone()).ok()
    }

    pub fn verb(&self) -> &'static str {
        match self {
            Note::Mark { .. } => "mark",
            Note::Overrule { .. } => "overrule",
            Note::SelfScore { .. } => "self_score",
            Note::ActionClosed { .. } => "action_closed",
        }
    }

    pub fn body(&self) -> Value {
        serde_json::to_value(self).expect("words and numbers always serialise")
    }
}

/// Reads a review that follows `seal`, the last line of the journal.
///
/// # Errors
/// The first line that was altered, is missing its predecessor, or follows another run.
pub fn verify(seal: &Entry, text: &[u8]) -> Result<Vec<Entry>, Broken> {
    journal::verify_after(Chain::resume(seal), text).map(|verified| verified.entries)
}

/// The next line. `last` is the review's last line, or the seal.
pub fn next(last: &Entry, t_ms: u64, actor: &str, note: &Note) -> Entry {
    Chain::resume(last).append(t_ms, note.verb(), actor, note.body())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mark() -> Note {
        Note::Mark { row: "incident_response".into(), mark: "expert".into(), reason: "calm".into() }
    }

    #[test]
    fn a_review_follows_its_seal_and_no_other() {
        let seal = Chain::new().append(9, crate::kind::SEALED, "controller", json!({"files": {}}));
        let first = next(&seal, 10, "ada", &mark());
        let second = next(&first, 11, "ada", &mark());
        let text = format!("{}\n{}\n", first.line(), second.line());
        let read = verify(&seal, text.as_bytes()).unwrap();
        assert_eq!((read.len(), Note::of(&read[1])), (2, Some(mark())));
        let other = Chain::new().append(8, crate::kind::SEALED, "controller", json!({"files": {}}));
        assert_eq!(verify(&other, text.as_bytes()).unwrap_err().line, 1);
        let altered = text.replacen("calm", "loud", 1);
        assert_eq!(verify(&seal, altered.as_bytes()).unwrap_err().line, 1);
    }
}
