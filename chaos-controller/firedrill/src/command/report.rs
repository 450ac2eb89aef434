//! `firedrill report`: one form of a recorded run's verdict, made anew from its folder: the page into the folder, or any
//! form onto stdout or into a file. The evidence is read and nothing of it is changed; no lab is needed.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use controller::grading::Form;
use grader::Graded;
use serde_json::json;

use crate::command::regrade::grade;
use crate::exit::{Exit, Failure};
use crate::output::{Output, write_data};

/// Flags of `report`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Folder of a run
    #[arg(value_name = "RUN")]
    folder: PathBuf,
    /// Print this form [default: write `report.html` into the folder]
    #[arg(long, value_enum)]
    format: Option<Written>,
    /// Write it into this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// The forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Written {
    /// A page that opens in any browser, offline
    Html,
    /// Text for a terminal or a review
    Md,
    /// The scorecard, and what the page draws besides
    Json,
    /// For CI: a case per criterion
    Junit,
}

impl Report {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let graded = grade(&self.folder)?;
        let text = self.format.unwrap_or(Written::Html).of(&graded);
        let path = match (&self.out, self.format) {
            (Some(path), _) => path.clone(),
            (None, None) => self.folder.join(Form::Html.file()),
            (None, Some(_)) => {
                write_data(&text);
                return Ok(Exit::Pass);
            }
        };
        write(&path, &text)?;
        let told = json!({ "written": path.display().to_string() });
        self.output.write(&told, |_| path.display().to_string());
        Ok(Exit::Pass)
    }
}

impl Written {
    fn of(self, graded: &Graded) -> String {
        match self {
            Written::Html => Form::Html.of(graded),
            Written::Md => Form::Markdown.of(graded),
            Written::Junit => Form::Junit.of(graded),
            Written::Json => {
                let whole = json!({ "scorecard": graded.card, "story": graded.story });
                serde_json::to_string_pretty(&whole).expect("a graded run is plain data") + "\n"
            }
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text)
        .map_err(|error| Failure::unexpected(format!("failed to write `{}`: {error}", path.display())))
}
