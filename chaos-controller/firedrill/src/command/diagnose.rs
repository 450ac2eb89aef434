//! `firedrill diagnose`: says what is broken, why, and how it climbed. On a lab it is put on record, and graded when the
//! run ends: an answer now would be a hint. With `--run` it is held against a run that is over, and nothing is written.

use std::path::{Path, PathBuf};

use clap::Args;
use controller::grading;
use evidence::Said;
use grader::{Diagnosis, Grade, Point};

use crate::command::regrade;
use crate::command::say::Voice;
use crate::exit::{Exit, Failure};
use crate::output::{printable, table};
use crate::paint::{Paint, Tone};

/// Where the explanation is folded.
const WIDTH: usize = 100;
const EXAMPLE: &str = "firedrill diagnose --root-cause 'who began it, and what is wrong with them' \
     --mechanism 'how that became an outage' --propagation first,second,third";

/// Flags of `diagnose`.
#[derive(Debug, Args)]
pub(crate) struct Diagnose {
    /// All of it in your own words; or use the flags, or both
    text: Vec<String>,
    /// What is broken, and how: 'the bank is slow'
    #[arg(long, default_value = "", value_name = "WORDS")]
    root_cause: String,
    /// What makes an outage of it; may be repeated
    #[arg(long, value_name = "WORDS")]
    mechanism: Vec<String>,
    /// Who failed, first to fail first: payment,order,cart
    #[arg(long, value_delimiter = ',', value_name = "SERVICES")]
    propagation: Vec<String>,
    /// Grade it against the folder of a run that is over; nothing is written
    #[arg(long, value_name = "FOLDER")]
    run: Option<PathBuf>,
    #[command(flatten)]
    voice: Voice,
}

impl Diagnose {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let said = self.said()?;
        match &self.run {
            Some(folder) => self.grade(&said, folder),
            None => self.voice.say(said).await,
        }
    }

    fn said(&self) -> Result<Said, Failure> {
        let said = Said::Diagnose {
            text: self.text.join(" ").trim().to_owned(),
            root_cause: self.root_cause.trim().to_owned(),
            mechanism: filled(&self.mechanism),
            propagation: filled(&self.propagation),
        };
        match said.problems().as_slice() {
            [] => Ok(said),
            problems => {
                let wanted: Vec<&str> = problems.iter().map(|problem| problem.wanted).collect();
                Err(Failure::new(Exit::Usage, format!("nothing was said: tell {}", wanted.join(", ")))
                    .hint(EXAMPLE))
            }
        }
    }

    fn grade(&self, said: &Said, folder: &Path) -> Result<Exit, Failure> {
        let recording = grading::read(folder).map_err(regrade::failure)?;
        if !recording.seal.present {
            return Err(Failure::new(
                Exit::Invalid,
                format!("the run in `{}` is not over", folder.display()),
            )
            .hint("without `--run` the diagnosis is put on record in the run that is on"));
        }
        let diagnosis = grader::diagnosed(&recording, said).ok_or_else(|| {
            Failure::new(Exit::Invalid, format!("`{}` has no plan that this program reads", folder.display()))
        })?;
        self.voice.output().write(&diagnosis, |diagnosis| text(diagnosis, Paint::for_stdout()));
        Ok(Exit::Pass)
    }
}

/// Without those that are blank.
fn filled(words: &[String]) -> Vec<String> {
    words.iter().map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
}

fn text(diagnosis: &Diagnosis, paint: Paint) -> String {
    let (word, tone) = match diagnosis.grade {
        Grade::Right => ("right", Tone::Good),
        Grade::Partial => ("partial", Tone::Warn),
        Grade::Wrong => ("wrong", Tone::Bad),
        Grade::Nonsense => ("nonsense", Tone::Bad),
        Grade::Empty => ("empty", Tone::Bad),
    };
    let mut text = format!("{}  {:.2} of 1\n\n", paint.paint(tone, word), diagnosis.score);
    let row = |point: &Point| {
        let figures = [point.got, point.worth].map(|figure| format!("{figure:>5.2}"));
        let [got, worth] = figures;
        vec![point.name.clone(), got, worth, printable(&point.claimed).into_owned()]
    };
    let rows: Vec<Vec<String>> = diagnosis.points.iter().map(row).collect();
    text.push_str(&table(&["POINT", "  GOT", "WORTH", "UNDERSTOOD"], &rows));
    text.push('\n');
    text.push_str(&folded(&printable(&diagnosis.explanation)));
    text
}

/// Lines of at most [`WIDTH`], broken between words.
fn folded(text: &str) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > WIDTH {
            lines.push('\n');
            used = 0;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser as _;

    fn parsed(line: &[&str]) -> Diagnose {
        let line = ["firedrill", "diagnose"].iter().chain(line);
        match Cli::try_parse_from(line).unwrap().command {
            Command::Diagnose(diagnose) => *diagnose,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn blank_words_are_a_usage_error_with_an_example() {
        for line in [&[][..], &[" "], &["--root-cause", " ", "--mechanism", "", "--propagation", ","]] {
            let failure = parsed(line).said().unwrap_err();
            assert_eq!(failure.exit, Exit::Usage, "{line:?}");
            assert!(failure.hint.unwrap().starts_with("firedrill diagnose "));
        }
    }

    #[test]
    fn words_and_fields_are_one_diagnosis() {
        let line = [
            "the",
            "bank",
            "--mechanism",
            "pool exhausted",
            "--mechanism",
            "no timeout",
            "--propagation",
            "payment,order",
        ];
        let Said::Diagnose { text, mechanism, propagation, .. } = parsed(&line).said().unwrap() else {
            panic!()
        };
        assert_eq!(text, "the bank");
        assert_eq!((mechanism.len(), propagation.len()), (2, 2));
    }

    #[test]
    fn an_explanation_is_folded_between_words() {
        let text = folded(&"word ".repeat(50));
        assert!(text.lines().count() == 3 && text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }
}
