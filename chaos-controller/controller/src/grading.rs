//! The verdict of a sealed run, from its folder alone. Done in a process of its own: a recording is some tens of
//! megabytes once it is decoded, and a controller that has held them never gives them back to the kernel.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use evidence::{Recording, recording};
use serde_json::Value;

/// Reads a recording back from the disk, as anybody could, and writes `scorecard.json` and `report.md` beside it.
/// Gives the exit code that the verdict asks for.
///
/// # Errors
/// The files cannot be read or written, or the journal's chain is broken.
pub fn grade(dir: &Path) -> io::Result<i32> {
    let mut files = BTreeMap::new();
    for name in [recording::JOURNAL].into_iter().chain(recording::SEALED_FILES) {
        match std::fs::read(dir.join(name)) {
            Ok(bytes) => {
                files.insert(name.to_owned(), bytes);
            }
            // Missing evidence is a finding of the grader's.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let recording = Recording::open(files).map_err(io::Error::other)?;
    let graded = grader::grade(&recording);
    let scorecard = &graded.card;
    let mut json = serde_json::to_vec_pretty(scorecard)?;
    json.push(b'\n');
    std::fs::write(dir.join(SCORECARD), json)?;
    let report = scorecard.report_markdown();
    std::fs::write(
        dir.join("report.md"),
        format!("{}\n\nHead of the journal: `{}`\n", report.trim_end(), recording.head),
    )?;
    Ok(scorecard.exit)
}

/// The verdict's file.
pub(crate) const SCORECARD: &str = "scorecard.json";

/// Grades in a process of its own. Gives the exit code that the verdict asks for.
pub(crate) async fn grade_apart(dir: &Path) -> io::Result<i32> {
    let status = tokio::process::Command::new(std::env::current_exe()?)
        .args(["serve", "--grade"])
        .arg(dir)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .status()
        .await?;
    if !status.success() {
        return Err(io::Error::other(format!("grading ended with {status}")));
    }
    let scorecard: Value = serde_json::from_slice(&std::fs::read(dir.join(SCORECARD))?)?;
    scorecard["exit"]
        .as_i64()
        .and_then(|exit| i32::try_from(exit).ok())
        .ok_or_else(|| io::Error::other("the scorecard has no exit code"))
}
