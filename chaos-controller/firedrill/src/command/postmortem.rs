//! `firedrill postmortem`: drafts one from a run's recording, or checks what people made of the draft. Exit 0 clean, 99
//! with problems. A file that somebody has edited is never replaced unless asked for.

use std::path::{Path, PathBuf};

use clap::Args;
use grader::postmortem::{Around, POSTMORTEM, Problem, check, draft, is_untouched};
use grader::{Scorecard, grade};
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::{Format, Output, narrate, printable, write_data, write_json};
use crate::{drills, postmortem, review};

/// Where a run is looked for when none is named.
const RUNS: &str = "runs";

/// Flags of `postmortem`.
#[derive(Debug, Args)]
pub(crate) struct Postmortem {
    /// A run's folder, or with --check also a file [default: the newest run under ./runs]
    #[arg(value_name = "RUN|FILE")]
    what: Option<PathBuf>,
    /// Check it: blame, counterfactuals, what is missing, actions that leave the cascade possible
    #[arg(long, conflicts_with_all = ["out", "force"])]
    check: bool,
    /// The run that a file is about, if it lies elsewhere
    #[arg(long, value_name = "FOLDER", requires = "check")]
    run: Option<PathBuf>,
    /// Where the draft goes [default: postmortem.md in the run's folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace a file that people have edited
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    output: Output,
}

impl Postmortem {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let what = match &self.what {
            Some(what) => what.clone(),
            None => review::newest(Path::new(RUNS))?,
        };
        if self.check { self.check(&what) } else { self.draft(&what) }
    }

    fn draft(&self, folder: &Path) -> Result<Exit, Failure> {
        let run = postmortem::graded(folder)?;
        let path = self.out.clone().unwrap_or_else(|| folder.join(POSTMORTEM));
        if let Ok(there) = std::fs::read_to_string(&path)
            && !is_untouched(&there)
            && !self.force
        {
            return Err(Failure::unexpected(format!(
                "`{}` has been edited, and is left as it is",
                path.display()
            ))
            .hint("`--force` replaces it, `--out FILE` writes beside it, `--check` checks it"));
        }
        let text = draft(&run.recording, &run.card);
        std::fs::write(&path, &text)
            .map_err(|error| Failure::unexpected(format!("failed to write `{}`: {error}", path.display())))?;
        let left =
            check(&text, &run.card, &Around::default()).iter().filter(|one| one.rule == "unfilled").count();
        self.output.write(&json!({"file": path, "run": run.card.run, "to_fill_in": left}), |_| {
            format!("{}", path.display())
        });
        if self.output.output == Format::Text {
            narrate(&format!(
                "{left} places to fill in, each marked `[FILL IN: ...]`; then `firedrill postmortem --check {}`",
                path.display()
            ));
        }
        Ok(Exit::Pass)
    }

    fn check(&self, what: &Path) -> Result<Exit, Failure> {
        let file = if what.is_dir() { what.join(POSTMORTEM) } else { what.to_owned() };
        let text = postmortem::text(&file)?;
        let beside =
            file.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        let folder = self.run.as_deref().or(beside.filter(|folder| postmortem::is_run(folder)));
        let card = match folder {
            Some(folder) => postmortem::graded(folder)?.card,
            // Without a run only what stands in the text can be judged.
            None => grade(&evidence::Recording::default()).card,
        };
        let closed = match folder {
            // One that was not sealed has no review.
            Some(folder) => postmortem::closed(folder).unwrap_or_default(),
            None => Vec::new(),
        };
        let closed: Vec<String> = closed.into_iter().map(|(id, _)| id).collect();
        let drills = known(drills::known(), &card.drill);
        let around = Around { today: Some(postmortem::today()), drills: drills.as_deref(), closed: &closed };
        let problems = check(&text, &card, &around);
        self.tell(&file, &card, folder.is_some(), &problems);
        Ok(if problems.is_empty() { Exit::Pass } else { Exit::Failed })
    }

    fn tell(&self, file: &Path, card: &Scorecard, of_run: bool, problems: &[Problem]) {
        let name = file.display().to_string();
        if self.output.output == Format::Json {
            let problems: Vec<_> = problems
                .iter()
                .map(|one| {
                    let Problem { rule, line, column, words, why, better } = one;
                    json!({"file": name, "line": line, "column": column, "rule": rule, "words": words, "why": why, "better": better})
                })
                .collect();
            write_json(
                &json!({"ok": problems.is_empty(), "file": name, "run": card.run, "problems": problems}),
            );
            return;
        }
        write_data(&problems.iter().map(|one| told(&name, one)).collect::<String>());
        if card.truth.mechanisms.is_empty() {
            narrate(if of_run {
                "the run's recording shows no mechanism: whether the actions cut the cascade is not judged"
            } else {
                "no run lies beside it: whether the actions cut the cascade is not judged; `--run FOLDER` names one"
            });
        }
        narrate(&match problems.len() {
            0 => format!("{name}: no problem"),
            1 => "1 problem".to_owned(),
            count => format!("{count} problems"),
        });
    }
}

/// The drills that an item may name: those that are here, and the run's own. `None`: none is here, so nobody knows.
fn known(here: Vec<String>, of_run: &str) -> Option<Vec<String>> {
    let own = (!of_run.is_empty() && !here.iter().any(|name| name == of_run)).then(|| of_run.to_owned());
    (!here.is_empty()).then(|| here.into_iter().chain(own).collect())
}

/// A problem with its place as editors read it, why, and a better way.
fn told(file: &str, one: &Problem) -> String {
    format!(
        "{file}:{}:{}: {}: {}\n    {}\n    better: {}\n",
        one.line,
        one.column,
        one.rule,
        printable(&one.words),
        printable(&one.why),
        printable(&one.better)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drills_that_are_here_are_known_and_the_run_s_own() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for (here, of_run, known_) in [
            (&[][..], "a", None),
            (&["a", "b"], "a", Some(&["a", "b"][..])),
            (&["a"], "b", Some(&["a", "b"])),
            (&["a"], "", Some(&["a"])),
        ] {
            assert_eq!(known(names(here), of_run), known_.map(names), "{here:?} {of_run}");
        }
    }

    #[test]
    fn a_problem_is_placed_as_editors_read_it() {
        let problem = Problem {
            rule: "blame".to_owned(),
            line: 7,
            column: 3,
            words: "Bob forgot".to_owned(),
            why: "w".to_owned(),
            better: "b".to_owned(),
        };
        assert_eq!(told("p.md", &problem), "p.md:7:3: blame: Bob forgot\n    w\n    better: b\n");
    }
}
