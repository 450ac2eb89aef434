//! Grading in a process of its own: a recording is some tens of megabytes once it is decoded, a long one some hundreds,
//! and a controller that has held them never gives them back to the kernel.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::Form;

/// Grades the run in this folder and writes every form. Gives the exit code that the verdict asks for.
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
    let scorecard: Value = serde_json::from_slice(&std::fs::read(dir.join(Form::Scorecard.file()))?)?;
    scorecard["exit"]
        .as_i64()
        .and_then(|exit| i32::try_from(exit).ok())
        .ok_or_else(|| io::Error::other("the scorecard has no exit code"))
}
