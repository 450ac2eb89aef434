//! Recorded runs for whoever sets them side by side. Each is graded again from its recording and in memory: what its
//! `scorecard.json` says is not believed, because anybody could have written that. Nothing is written.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use controller::grading::{self, Form, GradingError};
use evidence::{kind, recording};
use grader::{Graded, Scorecard};
use serde_json::Value;

use crate::command::regrade;
use crate::exit::{Exit, Failure};
use crate::output::narrate;
use crate::rows;

/// Rows of a scorecard that differ from the recording's and are told.
const TOLD: usize = 3;
/// Whoever waits longer than this hears how far it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// A run as its recording tells it.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) card: Scorecard,
    /// That the scorecard in its folder says something else, for a person.
    pub(crate) remark: Option<String>,
}

/// Why a folder is not graded.
#[derive(Debug)]
pub(crate) enum NotGraded {
    /// There is no run in it, or none that is over.
    NoRun(Failure),
    /// A chain of it was changed.
    Refused(Failure),
}

/// Who played what, as the journal begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) drill: String,
    pub(crate) script: Option<String>,
}

/// All of a folder's runs.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) runs: Vec<Recorded>,
    /// How those began that were not wanted.
    pub(crate) unwanted: Vec<Started>,
    pub(crate) failures: Vec<NotGraded>,
}

impl From<NotGraded> for Failure {
    fn from(why: NotGraded) -> Failure {
        match why {
            NotGraded::NoRun(failure) | NotGraded::Refused(failure) => failure,
        }
    }
}

/// Grades the run in a folder.
pub(crate) fn of(folder: &Path) -> Result<Recorded, NotGraded> {
    if !folder.join(recording::JOURNAL).is_file() && folder.join(Form::Scorecard.file()).is_file() {
        return Err(NotGraded::NoRun(
            Failure::new(
                Exit::Invalid,
                format!(
                    "`{}` holds a scorecard.json and no journal.jsonl: nothing shows that it is true",
                    folder.display()
                ),
            )
            .hint("keep the whole folder of a run: its verdict is graded again from the recording"),
        ));
    }
    let recording = grading::read(folder).map_err(|error| {
        let refused = matches!(error, GradingError::Refused { .. });
        let failure = regrade::failure(error);
        if refused { NotGraded::Refused(failure) } else { NotGraded::NoRun(failure) }
    })?;
    regrade::over(folder, &recording).map_err(NotGraded::NoRun)?;
    let graded = grader::grade(&recording);
    Ok(Recorded { remark: remark(folder, &graded), card: graded.card })
}

/// Grades every run right below a folder that is wanted by how it began, and tells on the way how far it is.
pub(crate) fn below(folder: &Path, wanted: impl Fn(&Started) -> bool) -> Result<Found, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| {
        Failure::new(Exit::Invalid, format!("failed to list `{}`: {error}", folder.display()))
            .hint("name the folder that runs are in, as `run --runs-dir` does")
    })?;
    let is_run = |folder: &PathBuf| {
        [recording::JOURNAL, Form::Scorecard.file()].iter().any(|name| folder.join(name).is_file())
    };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_run).collect();
    folders.sort();
    let mut found = Found::default();
    folders.retain(|run| match started(run) {
        Some(started) if !wanted(&started) => {
            found.unwanted.push(started);
            false
        }
        _ => true,
    });
    let mut told = Instant::now();
    for (done, run) in folders.iter().enumerate() {
        if told.elapsed() >= PATIENCE {
            narrate(&format!("graded {done} of {} runs", folders.len()));
            told = Instant::now();
        }
        match of(run) {
            Ok(run) => found.runs.push(run),
            Err(why) => found.failures.push(why),
        }
    }
    Ok(found)
}

/// How a run began; `None` if its journal does not say, or is not to be believed: then grading tells why.
fn started(folder: &Path) -> Option<Started> {
    let text = std::fs::read(folder.join(recording::JOURNAL)).ok()?;
    let journal = evidence::verify(&text).ok()?;
    let entry = journal.entries.first().filter(|entry| entry.kind == kind::RUN_STARTED)?;
    let script = entry.body.get("candidate").and_then(Value::as_str).map(str::to_owned);
    Some(Started { drill: entry.text("drill").to_owned(), script })
}

/// What the scorecard in the folder says otherwise; most say the same, byte for byte.
fn remark(folder: &Path, graded: &Graded) -> Option<String> {
    let path = folder.join(Form::Scorecard.file());
    let stored = std::fs::read_to_string(&path).ok()?;
    if stored == Form::Scorecard.of(graded) {
        return None;
    }
    let now = serde_json::to_value(&graded.card).expect("a scorecard is plain data");
    let what = match serde_json::from_str::<Value>(&stored) {
        Ok(stored) => {
            let differ = rows::differences(&stored, &now);
            let told: Vec<String> = differ.iter().take(TOLD).map(ToString::to_string).collect();
            let more = differ.len().checked_sub(TOLD + 1).map(|more| format!(", and {} more", more + 1));
            if told.is_empty() {
                return None;
            }
            format!("{}{}", told.join(", "), more.unwrap_or_default())
        }
        Err(_) => "it is no scorecard".to_owned(),
    };
    Some(format!(
        "`{}` is not what the recording gives ({what}); the recording counts, and `firedrill regrade {}` writes it anew",
        path.display(),
        folder.display()
    ))
}

/// A run's scorecard as it stands in its folder: for whoever has just seen it written.
pub(crate) fn stored(folder: &Path) -> Result<Scorecard, Failure> {
    let path = folder.join(Form::Scorecard.file());
    let text = std::fs::read(&path).map_err(|error| {
        Failure::new(Exit::Invalid, format!("failed to read `{}`: {error}", path.display()))
            .hint("name a folder under `runs`; a run that was killed has no scorecard")
    })?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::new(
            Exit::Invalid,
            format!("`{}` is not a scorecard that this program knows: {error}", path.display()),
        )
        .hint("`firedrill regrade` writes it anew from the recording")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own, gone with the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let folder =
                std::env::temp_dir().join(format!("firedrill-recorded-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn with(self, file: &str, text: &str) -> Self {
            std::fs::write(self.0.join(file), text).unwrap();
            self
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn journal() -> String {
        let body = serde_json::json!({"drill": "retry-storm", "candidate": "breaker"});
        evidence::Chain::new().append(1, kind::RUN_STARTED, "controller", body).line() + "\n"
    }

    fn told(folder: &Path) -> (Exit, String) {
        let failure = Failure::from(of(folder).unwrap_err());
        (failure.exit, failure.message)
    }

    #[test]
    fn a_scorecard_alone_is_believed_by_nobody() {
        let folder = Scratch::new("card").with("scorecard.json", "{}");
        let (exit, message) = told(&folder.0);
        assert!(exit == Exit::Invalid && message.contains("no journal.jsonl"), "{message}");
    }

    #[test]
    fn an_empty_journal_is_none() {
        let folder = Scratch::new("empty").with("journal.jsonl", "").with("scorecard.json", "{}");
        let (exit, message) = told(&folder.0);
        assert!(exit == Exit::Invalid && message.contains("no whole line"), "{message}");
    }

    #[test]
    fn a_run_without_a_seal_and_a_verdict_is_not_over() {
        let folder = Scratch::new("on").with("journal.jsonl", &journal());
        let (exit, message) = told(&folder.0);
        assert!(exit == Exit::Invalid && message.contains("not sealed"), "{message}");
    }

    #[test]
    fn a_broken_chain_is_told_from_a_folder_without_a_run() {
        let broken = journal().replace("retry-storm", "retry-calm");
        let folder = Scratch::new("broken").with("journal.jsonl", &broken);
        assert!(
            matches!(of(&folder.0), Err(NotGraded::Refused(failure)) if failure.message.contains("line 1"))
        );
        assert_eq!(started(&folder.0), None);
    }

    #[test]
    fn a_run_tells_how_it_began_before_it_is_graded() {
        let folder = Scratch::new("began").with("journal.jsonl", &journal());
        let expected = Started { drill: "retry-storm".to_owned(), script: Some("breaker".to_owned()) };
        assert_eq!(started(&folder.0), Some(expected));
    }
}
