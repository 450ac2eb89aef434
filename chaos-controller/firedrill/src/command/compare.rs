//! `firedrill compare`: runs side by side, or one person's over time, from
//! their recordings. Exits 0 whatever their verdicts; a script reads those from
//! the scorecards.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::comparison::Comparison;
use crate::comparison::progress::Progress;
use crate::comparison::whose::Whose;
use crate::exit::{Exit, Failure};
use crate::output::{Output, narrate};
use crate::paint::Paint;
use crate::recorded::{self, NotGraded, Recorded};

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
        let runs = read_all(&self.runs)?;
        let mut comparison = Comparison::of(runs.iter().map(|run| &run.card).collect());
        comparison.warn(runs.iter().filter_map(|run| run.remark.clone()));
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
        let found = recorded::below(folder, |started| whose.may_have_played(started))?;
        found.runs.iter().filter_map(|run| run.remark.as_ref()).for_each(|remark| narrate(remark));
        let cards = found.runs.into_iter().map(|run| run.card).collect();
        let progress = Progress::of(cards, &whose, whose.scripts_among(&found.unwanted));
        self.output.write(&progress, Progress::text);
        left_out(found.failures)?;
        Ok(Exit::Pass)
    }
}

/// The page to look at: runs of older programs have one in Markdown only.
fn report(folder: &Path) -> PathBuf {
    let page = folder.join("report.html");
    if page.is_file() { page } else { folder.join("report.md") }
}

/// Every run, or all that is wrong with them.
fn read_all(folders: &[PathBuf]) -> Result<Vec<Recorded>, Failure> {
    let (mut runs, mut failures) = (Vec::new(), Vec::new());
    for folder in folders {
        match recorded::of(folder) {
            Ok(run) => runs.push(run),
            Err(why) => failures.push(Failure::from(why)),
        }
    }
    match failures.len() {
        0 => Ok(runs),
        1 => Err(failures.remove(0)),
        count => {
            let failure = Failure::new(Exit::Invalid, format!("{count} of these are no runs to compare"));
            let failure = failures.iter().fold(failure, |failure, one| failure.detail(one.message.clone()));
            Err(failure.hint(failures.remove(0).hint.unwrap_or_default()))
        }
    }
}

/// Tells what was left out. A record that was changed is more than that: nobody may overlook it.
fn left_out(failures: Vec<NotGraded>) -> Result<(), Failure> {
    let (refused, others): (Vec<_>, Vec<_>) =
        failures.into_iter().partition(|why| matches!(why, NotGraded::Refused(_)));
    for other in others {
        narrate(&format!("left out: {}", Failure::from(other).message));
    }
    let mut refused: Vec<Failure> = refused.into_iter().map(Failure::from).collect();
    match refused.pop() {
        None => Ok(()),
        Some(last) => {
            refused.iter().for_each(|failure| narrate(&failure.render(Paint::for_stderr())));
            Err(last)
        }
    }
}
