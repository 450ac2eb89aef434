//! The verdict of a gate: a line per criterion that a person reads in a log of CI, and the file that CI reads.

use std::fmt::Write as _;
use std::path::Path;

use grader::{Criterion, Scorecard, Status};

use crate::exit::{Exit, Failure};
use crate::output::printable;
use crate::paint::{Paint, Tone};

/// The file in a run's folder.
const JUNIT: &str = "junit.xml";

/// Status, name, value, target and margin of each criterion, and of each proof that does not hold; the verdict at the end.
pub(crate) fn lines(card: &Scorecard, dir: &str, paint: Paint) -> String {
    let broken = card.proofs.iter().filter(|proof| proof.finding.status != Status::Pass);
    let told: Vec<&Criterion> = card.criteria.iter().chain(broken).collect();
    let width = told.iter().map(|criterion| criterion.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for criterion in told {
        // Writing to a String cannot fail.
        let _ = write_line(&mut text, criterion, width, paint);
    }
    let tone = if card.exit == 0 { Tone::Good } else { Tone::Bad };
    let verdict = paint.paint(tone, &card.verdict.name().to_uppercase());
    let _ = writeln!(text, "{verdict} exit code {}: {}", card.exit, printable(&card.reason));
    let _ = writeln!(text, "report  {dir}/report.html");
    text
}

fn write_line(text: &mut String, criterion: &Criterion, width: usize, paint: Paint) -> std::fmt::Result {
    let finding = &criterion.finding;
    let (tone, status) = match finding.status {
        Status::Pass => (Tone::Good, "pass"),
        Status::Fail => (Tone::Bad, "fail"),
        Status::Unknown => (Tone::Warn, "unknown"),
    };
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| value.to_string());
    let required = if criterion.required { "" } else { "  not required" };
    writeln!(
        text,
        "{}  {:<width$}  {:>10}  {:>10}  {:>10}{required}",
        paint.paint(tone, &format!("{status:<7}")),
        printable(&criterion.name),
        number(finding.value),
        finding.target().unwrap_or_else(|| "-".to_owned()),
        margin(finding.margin())
    )
}

/// By how much it is well, or below zero by how much it is not.
fn margin(room: Option<f64>) -> String {
    room.map_or("-".to_owned(), |room| format!("{room:+}"))
}

/// Before anything starts: whether the file can be written at the end.
pub(crate) fn may_write(file: &Path) -> Result<(), Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() && !file.is_dir() {
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, format!("`{}` is no file in a folder that is there", file.display()))
        .hint(format!("mkdir -p {}", folder.display())))
}

/// Puts the run's JUnit document where CI looks for it.
pub(crate) fn write_junit(dir: &Path, file: &Path) -> Result<(), Failure> {
    std::fs::copy(dir.join(JUNIT), file).map(drop).map_err(|error| {
        Failure::unexpected(format!("failed to write `{}` from the run's folder: {error}", file.display()))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::comparison::testbed::{card, criterion};

    #[test]
    fn a_gate_says_a_line_for_each_criterion_and_for_what_was_not_proven() {
        let mut unknown = criterion("money", "unknown", 0.0, 0.0);
        unknown["value"] = json!(null);
        let mut untold = criterion("own", "fail", 2.5, 1.0);
        untold["required"] = json!(false);
        let mut goodput = criterion("goodput", "fail", 0.05, 0.99);
        goodput["sense"] = json!("at_least");
        let card = card(
            "a",
            &json!({
                "criteria": [goodput, unknown, untold],
                "proofs": [criterion("baseline", "pass", 1.0, 0.99), criterion("dose", "fail", 9.0, 2.0)],
            }),
        );
        let text = lines(&card, "runs/a", Paint::PLAIN);
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["fail", "goodput", "0.05", "≥", "0.99", "-0.94"]);
        assert_eq!(rows[1], ["unknown", "money", "-", "0", "-"]);
        assert_eq!(rows[2], ["fail", "own", "2.5", "1", "-", "not", "required"]);
        assert_eq!(rows[3], ["fail", "dose", "9", "2", "-"]);
        assert_eq!(text.lines().nth(4), Some("FAIL exit code 99: goodput: gone"));
        assert_eq!(rows.len(), 6, "{text}");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_refused_before_anything_starts() {
        assert!(may_write(Path::new("junit.xml")).is_ok());
        let refused = may_write(Path::new("no/such/folder/junit.xml")).unwrap_err();
        assert_eq!(refused.hint.as_deref(), Some("mkdir -p no/such/folder"));
    }
}
