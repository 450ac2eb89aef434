//! Writing to a run's `review.jsonl`: what people add after the run was sealed. The chain begins at the seal, so a line is
//! only added to what is sound, and two writers take turns. What a note means is the grader's.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use evidence::review::{self, Note, REVIEW};
use evidence::{Entry, kind, recording};

use crate::exit::{Exit, Failure};

/// Adds a note to the review of the run in `dir`, and gives the line.
///
/// # Errors
/// The folder is no sealed run's, the journal or the review is broken (exit 104, with the line), or it cannot be written.
pub(crate) fn append(dir: &Path, actor: &str, note: &Note) -> Result<Entry, Failure> {
    let journal = read_journal(dir)?;
    let Some(seal) = journal.last().filter(|entry| entry.kind == kind::SEALED) else {
        return Err(Failure::new(Exit::Invalid, format!("the run in `{}` is not sealed", dir.display()))
            .hint("a review follows the seal: wait for the verdict"));
    };
    let path = dir.join(REVIEW);
    let failed =
        |error: std::io::Error| Failure::unexpected(format!("failed to write `{}`: {error}", path.display()));
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(failed)?;
    // Held until the file is closed: the next line needs the hash of this one.
    file.lock().map_err(failed)?;
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(failed)?;
    let notes = review::verify(seal, &text).map_err(|broken| {
        Failure::new(Exit::Invalid, format!("`{}` line {}: {}", path.display(), broken.line, broken.reason))
    })?;
    let entry = review::next(notes.last().unwrap_or(seal), since_start_ms(&journal), actor, note);
    // A line that its writer did not finish is ended, and is refused from then on; it is never written over.
    let start = if text.is_empty() || text.ends_with(b"\n") { "" } else { "\n" };
    file.write_all(format!("{start}{}\n", entry.line()).as_bytes()).map_err(failed)?;
    Ok(entry)
}

fn read_journal(dir: &Path) -> Result<Vec<Entry>, Failure> {
    let path = dir.join(recording::JOURNAL);
    let text = std::fs::read(&path).map_err(|error| {
        Failure::new(Exit::Invalid, format!("failed to read `{}`: {error}", path.display()))
            .hint("name a run's folder, such as runs/<time>-<drill>")
    })?;
    let verified = evidence::verify(text).map_err(|broken| {
        Failure::new(Exit::Invalid, format!("`{}` line {}: {}", path.display(), broken.line, broken.reason))
    })?;
    Ok(verified.entries)
}

/// On the clock of the run, by the wall clock: days may lie between.
fn since_start_ms(journal: &[Entry]) -> u64 {
    let start =
        journal.first().and_then(|entry| entry.body.get("wall_unix_ms")?.as_u64()).unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    now.saturating_sub(start)
}

#[cfg(test)]
mod tests {
    use evidence::Chain;
    use serde_json::json;

    use super::*;

    fn run(name: &str, sealed: bool) -> std::path::PathBuf {
        let dir = std::env::temp_dir().join(format!("firedrill-review-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        let mut chain = Chain::new();
        let mut lines = vec![chain.append(0, kind::RUN_STARTED, "controller", json!({"wall_unix_ms": 1}))];
        if sealed {
            lines.push(chain.append(9, kind::SEALED, "controller", json!({"files": {}})));
        }
        let text: String = lines.iter().map(|entry| format!("{}\n", entry.line())).collect();
        std::fs::write(dir.join(recording::JOURNAL), text).unwrap();
        dir
    }

    fn mark() -> Note {
        Note::Mark { row: "incident_response".into(), mark: "expert".into(), reason: String::new() }
    }

    #[test]
    fn notes_follow_each_other_and_the_seal() {
        let dir = run("chain", true);
        let first = append(&dir, "ada", &mark()).unwrap();
        let second = append(&dir, "bob", &mark()).unwrap();
        assert_eq!(second.prev, first.hash);
        assert!(second.t_ms >= first.t_ms && first.t_ms > 1_000_000_000_000);
        let text = std::fs::read_to_string(dir.join(REVIEW)).unwrap();
        assert_eq!(text.lines().count(), 2);
        std::fs::write(dir.join(REVIEW), text.replacen("ada", "eve", 1)).unwrap();
        let refused = append(&dir, "ada", &mark()).unwrap_err();
        assert_eq!(refused.exit, Exit::Invalid);
        assert!(refused.message.contains("line 1"), "{}", refused.message);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_run_that_is_on_has_no_review() {
        let dir = run("unsealed", false);
        assert!(append(&dir, "ada", &mark()).unwrap_err().message.contains("not sealed"));
        assert!(!dir.join(REVIEW).exists());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
