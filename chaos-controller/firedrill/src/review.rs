//! Adds to what is said about a run after it was sealed: `review.jsonl` in its folder, a line for each mark, score or
//! closed action, chained to the seal. The run itself is never written to. What the notes are worth is the grader's.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use controller::grading::Form;
use evidence::review::{self, Note, REVIEW};
use evidence::{Entry, journal, kind, recording};
use grader::Reviewed;

use crate::exit::{Exit, Failure};

/// The end of a run that may be reviewed.
struct Sealed {
    /// The journal's last line.
    seal: Entry,
    /// Wall clock at the start of the run.
    started_unix_ms: u64,
}

/// Writes one note into the folder of a sealed run, and waits until the disk has it. Gives the line.
///
/// # Errors
/// The folder is no run's, its run was not sealed, a chain is broken, or the file cannot be written.
pub(crate) fn append(folder: &Path, author: &str, note: &Note) -> Result<Entry, Failure> {
    let sealed = sealed(folder)?;
    let path = folder.join(REVIEW);
    let failed =
        |error: io::Error| Failure::unexpected(format!("failed to write `{}`: {error}", path.display()));
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(&path).map_err(failed)?;
    // Two who mark at once would both follow the same line.
    file.lock().map_err(failed)?;
    let last = whole(&mut file, &sealed.seal, &path)?;
    let last = last.as_ref().unwrap_or(&sealed.seal);
    let entry = review::next(last, sealed.now().max(last.t_ms), author, note);
    file.write_all(format!("{}\n", entry.line()).as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(entry)
}

/// All lines of a run's review.
///
/// # Errors
/// As [`append`].
pub(crate) fn read(folder: &Path) -> Result<Vec<Entry>, Failure> {
    let sealed = sealed(folder)?;
    let path = folder.join(REVIEW);
    match std::fs::read(&path) {
        Ok(text) => review::verify(&sealed.seal, &text).map_err(|broken| refused(&path, &broken)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Failure::unexpected(format!("failed to read `{}`: {error}", path.display()))),
    }
}

/// What the review in a folder has lost since the scorecard beside it was written. A review that is refused is none of
/// this: whoever grades says so.
pub(crate) fn lost(folder: &Path) -> Option<String> {
    let card = std::fs::read(folder.join(Form::Scorecard.file())).ok()?;
    let card: serde_json::Value = serde_json::from_slice(&card).ok()?;
    let before: Reviewed = serde_json::from_value(card.get("review")?.clone()).ok()?;
    before.lost(&read(folder).ok()?)
}

/// The newest run's folder below `runs`; a run is named by the time of its start.
///
/// # Errors
/// There is none.
pub(crate) fn newest(runs: &Path) -> Result<PathBuf, Failure> {
    let folders = std::fs::read_dir(runs).into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = folders.filter(|folder| folder.join(recording::JOURNAL).is_file()).max();
    newest.ok_or_else(|| {
        Failure::new(Exit::Invalid, format!("there is no run in `{}`", runs.display()))
            .hint("name its folder with `--run FOLDER`")
    })
}

impl Sealed {
    /// Milliseconds since the start of the run, by the wall clock: nobody's monotonic clock lasts as long.
    fn now(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX).saturating_sub(self.started_unix_ms)
    }
}

fn sealed(folder: &Path) -> Result<Sealed, Failure> {
    let path = folder.join(recording::JOURNAL);
    let text = std::fs::read(&path).map_err(|error| {
        Failure::new(Exit::Invalid, format!("`{}` is no run's folder: {error}", folder.display()))
            .hint("name a folder under `runs`, one that holds a journal.jsonl")
    })?;
    let mut entries = journal::verify(&text).map_err(|broken| refused(&path, &broken))?.entries;
    let started = entries.first().and_then(|entry| entry.number("wall_unix_ms")).unwrap_or_default();
    match entries.pop() {
        Some(seal) if seal.kind == kind::SEALED => Ok(Sealed { seal, started_unix_ms: started as u64 }),
        _ => Err(Failure::new(Exit::Invalid, format!("the run in `{}` was not sealed", folder.display()))
            .detail("a review follows the seal: without one nothing says which run it is about")
            .hint("a run that is on is marked without `--run`; one that was killed cannot be reviewed")),
    }
}

/// The last whole line. One that its writer did not finish is cut off; one that only lacks its end gets it.
fn whole(file: &mut File, seal: &Entry, path: &Path) -> Result<Option<Entry>, Failure> {
    let failed =
        |error: io::Error| Failure::unexpected(format!("failed to read `{}`: {error}", path.display()));
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(failed)?;
    let entries = review::verify(seal, &text).map_err(|broken| refused(path, &broken))?;
    if text.last().is_some_and(|last| *last != b'\n') {
        let finished = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if entries.len() == text.split(|byte| *byte == b'\n').count() {
            file.write_all(b"\n").map_err(failed)?;
        } else {
            file.set_len(finished as u64).map_err(failed)?;
        }
    }
    Ok(entries.into_iter().next_back())
}

fn refused(path: &Path, broken: &evidence::Broken) -> Failure {
    // The reader calls every chain a journal; the path says which it is.
    Failure::new(
        Exit::Invalid,
        format!("`{}` line {} is broken: {}", path.display(), broken.line, broken.reason),
    )
    .hint("nothing is added to a chain that was changed")
}

/// A folder with a sealed run in it, and one below that was not sealed.
#[cfg(test)]
pub(crate) fn sealed_folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("firedrill-review-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut chain = evidence::Chain::new();
    let body = serde_json::json!({"run": name, "wall_unix_ms": 1_000});
    let started = chain.append(0, kind::RUN_STARTED, "controller", body);
    let seal = chain.append(9, kind::SEALED, "controller", serde_json::json!({"files": {}}));
    let text = format!("{}\n{}\n", started.line(), seal.line());
    std::fs::write(folder.join(recording::JOURNAL), text).unwrap();
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(reason: &str) -> Note {
        Note::Mark { row: "framing".into(), mark: "4".into(), reason: reason.into() }
    }

    #[test]
    fn notes_follow_the_seal_and_each_other() {
        let folder = sealed_folder("follow");
        append(&folder, "ada", &note("one")).unwrap();
        let second = append(&folder, "bob", &note("two")).unwrap();
        let read = read(&folder).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!((read[1].actor.as_str(), &read[1]), ("bob", &second));
        assert!(second.t_ms > 9, "by the wall clock since the start");
    }

    #[test]
    fn half_a_line_is_cut_off_and_a_whole_one_is_kept() {
        let folder = sealed_folder("torn");
        append(&folder, "ada", &note("one")).unwrap();
        append(&folder, "ada", &note("two")).unwrap();
        let path = folder.join(REVIEW);
        let text = std::fs::read(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 20]).unwrap();
        append(&folder, "ada", &note("three")).unwrap();
        assert_eq!(read(&folder).unwrap().len(), 2);
        let text = std::fs::read(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 1]).unwrap();
        append(&folder, "ada", &note("four")).unwrap();
        assert_eq!(read(&folder).unwrap().len(), 3);
    }

    #[test]
    fn a_changed_review_and_an_unsealed_run_are_refused() {
        let folder = sealed_folder("refused");
        append(&folder, "ada", &note("calm")).unwrap();
        let path = folder.join(REVIEW);
        let altered = std::fs::read_to_string(&path).unwrap().replace("calm", "loud");
        std::fs::write(&path, altered).unwrap();
        let failure = append(&folder, "ada", &note("x")).unwrap_err();
        assert_eq!(failure.exit, Exit::Invalid);
        assert!(failure.message.contains("review.jsonl` line 1"), "{}", failure.message);

        let journal = folder.join(recording::JOURNAL);
        let unsealed = std::fs::read_to_string(&journal).unwrap().lines().next().unwrap().to_owned() + "\n";
        std::fs::write(&journal, unsealed).unwrap();
        let failure = append(&folder, "ada", &note("x")).unwrap_err();
        assert!(failure.message.contains("not sealed"), "{}", failure.message);
    }

    #[test]
    fn a_review_that_is_gone_is_told_by_the_scorecard_beside_it() {
        let folder = sealed_folder("gone");
        assert_eq!(lost(&folder), None, "there is no scorecard");
        append(&folder, "ada", &note("one")).unwrap();
        let card = folder.join(Form::Scorecard.file());
        std::fs::write(&card, "{}").unwrap();
        assert_eq!(lost(&folder), None, "a scorecard from before this was kept");
        let review = serde_json::json!({"review": Reviewed::of(&read(&folder).unwrap())});
        std::fs::write(&card, review.to_string()).unwrap();
        assert_eq!(lost(&folder), None);
        std::fs::remove_file(folder.join(REVIEW)).unwrap();
        assert_eq!(lost(&folder).unwrap(), "the review had 1 lines and has 0");
    }

    #[test]
    fn the_newest_run_is_the_one_that_started_last() {
        let runs = sealed_folder("newest");
        assert!(newest(&runs).is_err());
        for name in ["20260101-120000-a", "20260102-120000-a"] {
            std::fs::create_dir_all(runs.join(name)).unwrap();
            std::fs::write(runs.join(name).join(recording::JOURNAL), "").unwrap();
        }
        assert!(newest(&runs).unwrap().ends_with("20260102-120000-a"));
    }
}
