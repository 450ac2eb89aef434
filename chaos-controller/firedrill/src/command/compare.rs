//! `firedrill compare`: runs side by side, or one person's over time, from
//! their scorecards. Exits 0 whatever their verdicts; a script reads those from
//! the scorecards.

use std::path::{Path, PathBuf};

use clap::Args;
use grader::Scorecard;

use crate::comparison::Comparison;
use crate::comparison::progress::{Progress, Whose};
use crate::exit::{Exit, Failure};
use crate::output::{Output, narrate};

/// Where `run` puts runs.
const RUNS: &str = "runs";

/// Flags of `compare`.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Folders of runs, two or more; with --progress the folder that they are in [default: runs]
    #[arg(required_unless_present = "progress", value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// What is the same too; with --progress also the runs of scripts
    #[arg(long)]
    all: bool,
    /// The runs of one person, in the order in which they were played
    #[arg(long)]
    progress: bool,
    /// Of this person
    #[arg(long, requires = "progress", value_name = "NAME")]
    author: Option<String>,
    /// Of this drill
    #[arg(long, requires = "progress", value_name = "NAME")]
    drill: Option<String>,
    #[command(flatten)]
    output: Output,
}

impl Compare {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        if self.progress { self.progress() } else { self.side_by_side() }
    }

    fn side_by_side(&self) -> Result<Exit, Failure> {
        if let [alone] = self.runs.as_slice() {
            return Err(Failure::new(Exit::Usage, "one run cannot be compared: name another")
                .hint(format!("firedrill compare {} runs/...", alone.display())));
        }
        let cards = read_all(&self.runs)?;
        let comparison = Comparison::of(cards.iter().collect());
        self.output.write(&comparison.json(), |_| {
            let mut text = comparison.text(self.all);
            for folder in &self.runs {
                text.push_str(&format!("report  {}\n", report(folder).display()));
            }
            text
        });
        Ok(Exit::Pass)
    }

    fn progress(&self) -> Result<Exit, Failure> {
        let folder = match self.runs.as_slice() {
            [] => Path::new(RUNS),
            [folder] => folder,
            _ => {
                return Err(Failure::new(Exit::Usage, "--progress looks into one folder of runs")
                    .hint(format!("firedrill compare --progress {}", self.runs[0].display())));
            }
        };
        let whose = Whose { author: self.author.clone(), drill: self.drill.clone(), scripts: self.all };
        let progress = Progress::of(found(folder)?, &whose);
        self.output.write(&progress, Progress::text);
        Ok(Exit::Pass)
    }
}

/// The page to look at: runs of older programs have one in Markdown only.
fn report(folder: &Path) -> PathBuf {
    let page = folder.join("report.html");
    if page.is_file() { page } else { folder.join("report.md") }
}

/// Every scorecard, or all that is wrong with them.
fn read_all(folders: &[PathBuf]) -> Result<Vec<Scorecard>, Failure> {
    let (mut cards, mut failures) = (Vec::new(), Vec::new());
    for folder in folders {
        match read(folder) {
            Ok(card) => cards.push(card),
            Err(failure) => failures.push(failure),
        }
    }
    match failures.len() {
        0 => Ok(cards),
        1 => Err(failures.remove(0)),
        count => {
            let failure = Failure::new(Exit::Invalid, format!("{count} of these are no runs to compare"));
            let failure = failures.iter().fold(failure, |failure, one| failure.detail(one.message.clone()));
            Err(failure.hint(failures.remove(0).hint.unwrap_or_default()))
        }
    }
}

/// The scorecards of all runs in a folder. Those that do not read are told, and left out.
fn found(folder: &Path) -> Result<Vec<Scorecard>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| {
        Failure::new(Exit::Invalid, format!("failed to list `{}`: {error}", folder.display()))
            .hint("name the folder that runs are in, as `run --runs-dir` does")
    })?;
    let folders = entries.flatten().map(|entry| entry.path());
    let (mut cards, mut failures) = (Vec::new(), Vec::new());
    for run in folders.filter(|run| run.join("scorecard.json").is_file()) {
        match read(&run) {
            Ok(card) => cards.push(card),
            Err(failure) => failures.push(failure.message),
        }
    }
    if let Some(first) = failures.first() {
        narrate(&format!("{} runs are left out; the first: {first}", failures.len()));
    }
    Ok(cards)
}

/// Reads a run's scorecard.
pub(crate) fn read(folder: &Path) -> Result<Scorecard, Failure> {
    let path = folder.join("scorecard.json");
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
