//! The forms that a graded run is written in: a file each, beside the evidence that they follow from.

use std::io;
use std::path::Path;

use grader::Graded;

use super::GradingError;

/// A form of the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people, in any browser.
    Html,
    /// For people, in a terminal or a review.
    Markdown,
    /// For CI.
    Junit,
    /// For programs; what the others are made of.
    Scorecard,
}

impl Form {
    pub const ALL: [Form; 4] = [Form::Html, Form::Markdown, Form::Junit, Form::Scorecard];

    /// Its file in the run's folder.
    pub fn file(self) -> &'static str {
        match self {
            Form::Html => "report.html",
            Form::Markdown => "report.md",
            Form::Junit => "junit.xml",
            Form::Scorecard => "scorecard.json",
        }
    }

    /// A graded run in this form.
    pub fn of(self, graded: &Graded) -> String {
        let mut text = match self {
            Form::Html => graded.report_html(),
            Form::Markdown => {
                let report = graded.report_markdown();
                format!("{}\n\nHead of the journal: `{}`", report.trim_end(), graded.card.head)
            }
            Form::Junit => graded.junit(),
            Form::Scorecard => serde_json::to_string_pretty(&graded.card).expect("a scorecard is plain data"),
        };
        // On a terminal and in a file the same bytes.
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
}

/// Writes every form into the run's folder. The scorecard comes last: who finds it finds the others.
///
/// # Errors
/// The first file that cannot be written.
pub fn write(dir: &Path, graded: &Graded) -> Result<(), GradingError> {
    Form::ALL.into_iter().try_for_each(|form| {
        let path = dir.join(form.file());
        replace(&path, &form.of(graded)).map_err(|source| GradingError::Write { path, source })
    })
}

/// Never half a file, whoever looks and however it ends.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    std::fs::write(&new, text)?;
    std::fs::rename(&new, path)
}
