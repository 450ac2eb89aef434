//! How the program ends: the exit codes that scripts rely on, and the one kind
//! of failure that every command returns. A failure says what was wrong, each
//! detail on its line, and the next command to type.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::paint::Paint;

/// What the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All objectives met, or the command did its work.
    Pass = 0,
    /// A defect, or a system that refuses.
    Unexpected = 1,
    /// The command line does not say what to do.
    Usage = 2,
    /// A run left something behind.
    Residue = 97,
    /// The run proves nothing.
    Void = 98,
    /// Objectives failed.
    Failed = 99,
    /// A drill, policy or fault that cannot be accepted.
    Invalid = 104,
    /// Ctrl-C.
    Interrupted = 105,
}

/// Why a command failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) details: Vec<String>,
    pub(crate) hint: Option<String>,
}

impl Exit {
    /// The code that a run asks for; one that this program does not know is a defect.
    pub(crate) fn of_run(code: i32) -> Self {
        [Self::Pass, Self::Residue, Self::Void, Self::Failed, Self::Interrupted, Self::Invalid]
            .into_iter()
            .find(|exit| *exit as i32 == code)
            .unwrap_or(Self::Unexpected)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), details: Vec::new(), hint: None }
    }

    pub(crate) fn unexpected(message: impl Into<String>) -> Self {
        Self::new(Exit::Unexpected, message)
    }

    /// An error and its causes, on one line.
    pub(crate) fn caused(error: &dyn std::error::Error) -> Self {
        Self::unexpected(with_causes(error))
    }

    #[must_use]
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// The next command, or what else helps.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// All of it on one line, for a log.
    pub(crate) fn plain(&self) -> String {
        let parts = std::iter::once(&self.message).chain(&self.details).chain(&self.hint);
        let parts: Vec<&str> = parts.map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
        parts.join("; ")
    }

    /// As it is written on stderr. Diagnostics that come rendered stand alone.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let mut text = String::new();
        if !self.message.is_empty() {
            let _ = writeln!(text, "{} {}", paint.bad("error:"), self.message);
        }
        for detail in &self.details {
            for line in detail.trim_end().lines() {
                let _ = if self.message.is_empty() {
                    writeln!(text, "{line}")
                } else {
                    writeln!(text, "  {line}")
                };
            }
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "{} {hint}", paint.strong("hint:"));
        }
        text
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::unexpected(format!("{error:#}"))
    }
}

impl From<platform::LabError> for Failure {
    fn from(error: platform::LabError) -> Self {
        let missing = matches!(error, platform::LabError::Missing { .. });
        let failure = Self::caused(&error);
        if missing { failure.hint("`firedrill up` starts a lab") } else { failure }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_that_scripts_rely_on() {
        let codes = [
            Exit::Pass,
            Exit::Unexpected,
            Exit::Usage,
            Exit::Residue,
            Exit::Void,
            Exit::Failed,
            Exit::Invalid,
        ];
        assert_eq!(codes.map(|exit| exit as u8), [0, 1, 2, 97, 98, 99, 104]);
        assert_eq!(Exit::Interrupted as u8, 105);
    }

    #[test]
    fn a_runs_code_is_passed_on_and_an_unknown_one_is_a_defect() {
        for code in [0, 97, 98, 99, 104, 105] {
            assert_eq!(Exit::of_run(code) as i32, code);
        }
        assert_eq!(Exit::of_run(42), Exit::Unexpected);
        assert_eq!(Exit::of_run(2), Exit::Unexpected);
    }

    #[test]
    fn a_failure_names_the_details_and_the_next_command() {
        let failure = Failure::new(Exit::Usage, "no such lab").detail("a\nb").hint("`firedrill up`");
        assert_eq!(failure.render(Paint::PLAIN), "error: no such lab\n  a\n  b\nhint: `firedrill up`\n");
    }
}
