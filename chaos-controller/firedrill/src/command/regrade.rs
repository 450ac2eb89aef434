//! `firedrill regrade`: the verdict of recorded runs again, from their folders alone; no lab is needed. The same folder
//! gives the same bytes, wherever it lies. What was there before is replaced, and what differs is told.

use std::path::{Path, PathBuf};

use clap::Args;
use controller::grading::{self, Form, GradingError};
use evidence::{Recording, kind};
use grader::Verdict;
use serde::Serialize;
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::output::{Format, Output, narrate, write_data, write_json};
use crate::paint::Paint;
use crate::verdict::word;
use crate::{review, rows};

/// Rows that are told of a run in text; all are in the JSON.
const MOST_ROWS: usize = 20;

/// Flags of `regrade`.
#[derive(Debug, Args)]
pub(crate) struct Regrade {
    /// Folders of runs
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Also a run that is still on, or was killed: what there is of it, which is void
    #[arg(long)]
    unsealed: bool,
    #[command(flatten)]
    output: Output,
}

/// What came of one folder.
#[derive(Debug, Serialize)]
struct Regraded {
    folder: String,
    run: String,
    verdict: Verdict,
    exit: i32,
    reason: String,
    /// Hash of the journal's last line.
    head: String,
    /// Of `scorecard.json`.
    scorecard_sha256: String,
    /// How it stands to the scorecard that was there.
    before: Before,
    /// What the review lost since that one was written.
    review_lost: Option<String>,
    /// The rows that differ from it.
    differ: Vec<rows::Difference>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Before {
    /// There was none.
    None,
    /// The same, byte for byte.
    Same,
    /// Another, which is replaced.
    Other,
}

impl Regrade {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let (mut regraded, mut failures) = (Vec::new(), Vec::new());
        // One that is refused is no reason to leave the others.
        for folder in &self.runs {
            match regrade(folder, self.unsealed) {
                Ok(one) => regraded.push(one),
                Err(failure) => failures.push(failure),
            }
        }
        match self.output.output {
            Format::Json => write_json(&serde_json::json!({ "runs": regraded })),
            Format::Text => {
                let paint = Paint::for_stdout();
                write_data(&regraded.iter().map(|one| one.text(paint)).collect::<Vec<_>>().join("\n"));
            }
        }
        if let Some(last) = failures.pop() {
            failures.iter().for_each(|failure| narrate(&failure.render(Paint::for_stderr())));
            return Err(last);
        }
        // Of several the one that a script must not overlook: the highest.
        Ok(Exit::of_run(regraded.iter().map(|one| one.exit).max().unwrap_or_default()))
    }
}

fn regrade(folder: &Path, unsealed: bool) -> Result<Regraded, Failure> {
    let recording = grading::read(folder).map_err(failure)?;
    if !unsealed {
        over(folder, &recording)?;
    }
    let graded = grader::grade(&recording);
    let old = std::fs::read_to_string(folder.join(Form::Scorecard.file())).ok();
    let review_lost = review::lost(folder);
    let new = Form::Scorecard.of(&graded);
    grading::write(folder, &graded).map_err(failure)?;
    let card = &graded.card;
    let (before, differ) = match &old {
        None => (Before::None, Vec::new()),
        Some(old) if *old == new => (Before::Same, Vec::new()),
        Some(old) => {
            let old: Value = serde_json::from_str(old).unwrap_or_default();
            let new = serde_json::to_value(card).expect("a scorecard is plain data");
            (Before::Other, rows::differences(&old, &new))
        }
    };
    Ok(Regraded {
        folder: folder.display().to_string(),
        run: card.run.clone(),
        verdict: card.verdict,
        exit: card.exit,
        reason: card.reason.clone(),
        head: card.head.clone(),
        scorecard_sha256: evidence::journal::digest(new.as_bytes()),
        before,
        review_lost,
        differ,
    })
}

/// Grades the run in a folder.
pub(crate) fn grade(folder: &Path) -> Result<grader::Graded, Failure> {
    grading::grade(folder).map_err(failure)
}

/// Refuses a run that has neither a seal nor a verdict: its end is still to come, and would be overtaken.
///
/// # Errors
/// It is still on, or nobody lived to end it.
pub(crate) fn over(folder: &Path, recording: &Recording) -> Result<(), Failure> {
    let sealed = recording.journal.last().is_some_and(|entry| entry.kind == kind::SEALED);
    if sealed || folder.join(Form::Scorecard.file()).is_file() {
        return Ok(());
    }
    let folder = folder.display();
    Err(Failure::new(
        Exit::Invalid,
        format!("the run in `{folder}` is not sealed: it is still on, or it was killed"),
    )
    .hint(format!(
        "its end writes the verdict; `firedrill regrade --unsealed {folder}` grades what there is now"
    )))
}

/// Every way in which a folder is not graded, with what helps.
pub(crate) fn failure(error: GradingError) -> Failure {
    let (exit, hint) = match &error {
        GradingError::NoRun { .. } => {
            (Exit::Invalid, Some("name a folder under `runs`, one that holds a journal.jsonl"))
        }
        GradingError::Refused { .. } => (
            Exit::Invalid,
            Some(
                "nothing can be said of a run whose record was changed; grade the folder as the run left it",
            ),
        ),
        GradingError::Read { .. } | GradingError::Write { .. } => (Exit::Unexpected, None),
    };
    let failure = Failure { exit, ..Failure::caused(&error) };
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl Regraded {
    fn text(&self, paint: Paint) -> String {
        let mut text = format!("{} {}: {}\n", word(self.verdict, paint), self.folder, self.reason);
        text.push_str(&format!("     exit code {}\n", self.exit));
        text.push_str(&format!("     {} sha256:{}\n", Form::Scorecard.file(), self.scorecard_sha256));
        if let Some(lost) = &self.review_lost {
            text.push_str(&format!("     {lost}\n"));
        }
        match self.before {
            Before::None => text.push_str("     there was no scorecard before\n"),
            Before::Same => text.push_str("     the same as before, byte for byte\n"),
            Before::Other if self.differ.is_empty() => {
                text.push_str("     the same values as before, written otherwise\n");
            }
            Before::Other => {
                text.push_str("     not what was there before:\n");
                for row in self.differ.iter().take(MOST_ROWS) {
                    text.push_str(&format!("       {row}\n"));
                }
                if let more @ 1.. = self.differ.len().saturating_sub(MOST_ROWS) {
                    text.push_str(&format!("       and {more} more (--output json)\n"));
                }
            }
        }
        text
    }
}
