//! Runs and their postmortems on the disk, for the two commands that speak of them. What they say is the grader's.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use controller::grading::{self, GradingError};
use evidence::review::Note;
use evidence::{Entry, Recording, journal, kind, recording};
use grader::Scorecard;
use grader::postmortem::{Date, POSTMORTEM};

use crate::exit::{Exit, Failure};
use crate::review;

/// A run that was graded from its recording.
pub(crate) struct GradedRun {
    pub(crate) recording: Recording,
    pub(crate) card: Scorecard,
    pub(crate) started_unix_ms: u64,
}

/// Reads a run back and grades it. Its `scorecard.json` is not looked at: anybody could have written that.
///
/// # Errors
/// The folder is no run's, or a chain of it is broken.
pub(crate) fn graded(folder: &Path) -> Result<GradedRun, Failure> {
    let recording = grading::read(folder).map_err(refused)?;
    let card = grader::grade(&recording).card;
    let started = recording.entries(kind::RUN_STARTED).next();
    let started_unix_ms = started.and_then(|entry| entry.number("wall_unix_ms")).unwrap_or_default() as u64;
    Ok(GradedRun { card, started_unix_ms, recording })
}

/// Head of the journal and wall clock at its start, without grading.
///
/// # Errors
/// As [`graded`].
pub(crate) fn origin(folder: &Path) -> Result<(String, u64), Failure> {
    let path = folder.join(recording::JOURNAL);
    let text = std::fs::read(&path).map_err(|error| {
        Failure::new(Exit::Invalid, format!("`{}` is no run's folder: {error}", folder.display()))
            .hint("name a folder under `runs`, one that holds a journal.jsonl")
    })?;
    let entries = journal::verify(&text).map_err(|broken| {
        Failure::new(
            Exit::Invalid,
            format!("`{}` line {} is broken: {}", path.display(), broken.line, broken.reason),
        )
    })?;
    let entries = entries.entries;
    let started = entries.first().and_then(|entry| entry.number("wall_unix_ms")).unwrap_or_default();
    Ok((entries.last().map(|entry| entry.hash.clone()).unwrap_or_default(), started as u64))
}

/// A text that people write.
///
/// # Errors
/// It is not there, or no text.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        Failure::new(Exit::Invalid, format!("failed to read `{}`: {error}", path.display()))
            .hint("`firedrill postmortem RUN` drafts one")
    })
}

/// The folders with a run and its postmortem: this one, or those right below it.
pub(crate) fn folders(folder: &Path) -> Vec<PathBuf> {
    let has_both = |folder: &Path| is_run(folder) && folder.join(POSTMORTEM).is_file();
    if is_run(folder) {
        return vec![folder.to_owned()];
    }
    let below = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = below.filter(|folder| has_both(folder)).collect();
    found.sort();
    found
}

pub(crate) fn is_run(folder: &Path) -> bool {
    folder.join(recording::JOURNAL).is_file()
}

/// The items that reruns have closed, each with the run that did, as the review has them.
///
/// # Errors
/// As [`review::read`].
pub(crate) fn closed(folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    let closed = |entry: &Entry| match Note::of(entry)? {
        Note::ActionClosed { id, run, .. } => Some((id, run)),
        _ => None,
    };
    Ok(review::read(folder)?.iter().filter_map(closed).collect())
}

/// Today, UTC.
pub(crate) fn today() -> Date {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Date::of_unix_ms(u64::try_from(since.as_millis()).unwrap_or_default())
}

fn refused(error: GradingError) -> Failure {
    let exit = match &error {
        GradingError::NoRun { .. } | GradingError::Refused { .. } => Exit::Invalid,
        GradingError::Read { .. } | GradingError::Write { .. } => Exit::Unexpected,
    };
    Failure { exit, ..Failure::caused(&error) }
}
