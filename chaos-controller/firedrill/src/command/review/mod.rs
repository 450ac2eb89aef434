//! `firedrill review`: what persons say about a run once it is over, or about one that is on. Every note is a line of the
//! run's review, and the scorecard and the reports are written anew from it.

mod mark;
mod own;
mod row;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use controller::grading;
use evidence::review::Note;
use grader::{Reviewed, Scorecard};

use crate::exit::{Exit, Failure};
use crate::output::narrate;
use crate::review;

use mark::{Mark, Overrule};
use own::SelfScore;
use show::Show;

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Review {
    /// Give a mark on a row, beside the machine's; on a run that is on, nobody else sees it
    Mark(Mark),
    /// Put another mark in the place of the machine's
    Overrule(Overrule),
    /// Score yourself on the six rows
    SelfScore(SelfScore),
    /// The rows with the machine's mark, a person's, and their own
    Show(Show),
}

impl Review {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        match self {
            Self::Mark(mark) => mark.run().await,
            Self::Overrule(overrule) => overrule.run(),
            Self::SelfScore(own) => own.run(),
            Self::Show(show) => show.run(),
        }
    }
}

/// Which run is meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct Which {
    /// The run's folder [default: the newest]
    #[arg(long, value_name = "FOLDER")]
    run: Option<PathBuf>,
    /// Where the newest is looked for
    #[arg(long, default_value = "runs", value_name = "FOLDER")]
    runs_dir: PathBuf,
}

impl Which {
    fn folder(&self) -> Result<PathBuf, Failure> {
        match &self.run {
            Some(run) => Ok(run.clone()),
            None => review::newest(&self.runs_dir),
        }
    }
}

/// Adds the notes to a run's review, and grades the run anew.
fn add(which: &Which, author: &str, notes: &[Note]) -> Result<Scorecard, Failure> {
    let folder = which.folder()?;
    // Before the scorecard that knows it is replaced.
    if let Some(lost) = review::lost(&folder) {
        narrate(&format!("{}: {lost}", folder.display()));
    }
    for note in notes {
        review::append(&folder, author, note)?;
    }
    let graded = grading::grade(&folder).map_err(refused)?;
    grading::write(&folder, &graded).map_err(refused)?;
    let Reviewed { lines, head } = &graded.card.review;
    narrate(&format!(
        "noted, the scorecard and the reports in {} are up to date; line {lines} of the review, its head {head}",
        folder.display()
    ));
    Ok(graded.card)
}

fn refused(error: grading::GradingError) -> Failure {
    let exit = match &error {
        grading::GradingError::NoRun { .. } | grading::GradingError::Refused { .. } => Exit::Invalid,
        grading::GradingError::Read { .. } | grading::GradingError::Write { .. } => Exit::Unexpected,
    };
    Failure { exit, ..Failure::caused(&error) }
}
