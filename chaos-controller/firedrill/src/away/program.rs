//! Running the programs that people have for their engine and their cluster, and what they say when they fail.

use std::process::Stdio;

use tokio::process::Command;

use crate::exit::Failure;

/// Lines of its complaint that are shown.
const TOLD: usize = 12;

/// Runs a program to its end; gives what it wrote, or a failure with what it complained of.
pub(super) async fn run(mut command: Command, what: &str, hint: &str) -> Result<String, Failure> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.map_err(|error| {
        Failure::unexpected(format!("failed to {what}: `{name}` cannot be run: {error}")).hint(hint)
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let tail = lines[lines.len().saturating_sub(TOLD)..].join("\n");
    Err(Failure::unexpected(format!("failed to {what}: `{name}` ended with {}", output.status))
        .detail(tail)
        .hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn a_program_that_fails_is_told_with_its_own_words() {
        assert_eq!(run(shell("echo yes"), "ask", "").await.unwrap(), "yes\n");
        let failure =
            run(shell("echo no such image >&2; exit 3"), "start the lab", "build it").await.unwrap_err();
        assert!(failure.message.starts_with("failed to start the lab: `/bin/sh` ended with"), "{failure:?}");
        assert_eq!((failure.details, failure.hint), (vec!["no such image".into()], Some("build it".into())));
        let missing = run(Command::new("/no/such/program"), "ask", "install it").await.unwrap_err();
        assert!(missing.message.contains("cannot be run"), "{missing:?}");
    }
}
