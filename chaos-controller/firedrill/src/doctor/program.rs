//! Asking the programs that people have for their engine and their cluster, without waiting for ever: a cluster that is
//! not there answers nothing at all.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// A program that signs in somewhere may take some seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Silence {
    /// There is no such program.
    Absent,
    /// It complained, or did not come to an end; its last line.
    Refused(String),
}

/// What a program writes; `input` is what it reads.
pub(super) async fn ask(program: &str, args: &[&str], input: &str) -> Result<String, Silence> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Silence::Absent,
        _ => Silence::Refused(error.to_string()),
    })?;
    let mut stdin = child.stdin.take().expect("it was asked for");
    let answer = async {
        // One that does not read what it is told says why.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        child.wait_with_output().await
    };
    let late = || Silence::Refused(format!("no answer within {} s", PATIENCE.as_secs()));
    let output = tokio::time::timeout(PATIENCE, answer).await.map_err(|_| late())?;
    let output = output.map_err(|error| Silence::Refused(error.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    Err(Silence::Refused(last.map_or_else(|| output.status.to_string(), str::to_owned)))
}

impl Silence {
    /// In words.
    pub(super) fn told(&self, program: &str) -> String {
        match self {
            Self::Absent => format!("`{program}` is not installed"),
            Self::Refused(said) => said.clone(),
        }
    }
}

/// Major and minor of a version such as `v1.27.3` or `20.10.24+dfsg1`.
pub(super) fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().trim_start_matches('v').split(['.', '+', '-']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_is_asked_and_its_last_complaint_is_told() {
        assert_eq!(ask("cat", &[], "read me").await.unwrap(), "read me");
        let complaint = ask("sh", &["-c", "echo first >&2; echo no way >&2; exit 3"], "").await;
        assert_eq!(complaint, Err(Silence::Refused("no way".into())));
        assert_eq!(ask("no-such-program", &[], "").await, Err(Silence::Absent));
    }

    #[test]
    fn versions_are_told_with_and_without_a_letter() {
        assert_eq!(version("v1.27.3+k3s1"), Some((1, 27)));
        assert_eq!(version("20.10.24+dfsg1"), Some((20, 10)));
        assert_eq!(version("1.41"), Some((1, 41)));
        assert_eq!(version("unknown"), None);
    }
}
