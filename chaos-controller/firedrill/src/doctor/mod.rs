//! What may be wrong with the machine, with an engine or a cluster, or with the lab, each with what to do about it. Every
//! module looks at one of them; nothing is changed.

pub(crate) mod docker;
pub(crate) mod kubernetes;
pub(crate) mod lab;
pub(crate) mod machine;
mod program;
pub(crate) mod published;

use serde::Serialize;

use crate::paint::{Paint, Tone};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) state: State,
    /// What was looked at.
    pub(crate) what: &'static str,
    /// What was seen.
    pub(crate) seen: String,
    /// What to do; empty if nothing is to be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) todo: String,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Ok,
    /// It may spoil a measurement.
    Warn,
    /// It will.
    Fail,
}

/// Where a number is warned of, and where it is too bad.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) warn: f64,
    pub(crate) fail: f64,
}

impl Finding {
    pub(crate) fn ok(what: &'static str, seen: impl Into<String>) -> Self {
        Self { state: State::Ok, what, seen: seen.into(), todo: String::new() }
    }

    pub(crate) fn new(
        state: State,
        what: &'static str,
        seen: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        let todo = if state == State::Ok { String::new() } else { todo.into() };
        Self { state, what, seen: seen.into(), todo }
    }
}

/// Findings about what nobody asked for: it may be wrong, but then it is only to be minded.
pub(crate) fn in_passing(findings: Vec<Finding>) -> impl Iterator<Item = Finding> {
    findings.into_iter().map(|finding| Finding { state: finding.state.min(State::Warn), ..finding })
}

impl Limits {
    /// More is worse.
    pub(crate) fn above(self, value: f64) -> State {
        if value >= self.fail {
            State::Fail
        } else if value >= self.warn {
            State::Warn
        } else {
            State::Ok
        }
    }

    /// Less is worse.
    pub(crate) fn below(self, value: f64) -> State {
        Self { warn: -self.warn, fail: -self.fail }.above(-value)
    }
}

/// A line per finding, what to do below it, and the sum of it all.
pub(crate) fn render(findings: &[Finding], paint: Paint) -> String {
    let width = findings.iter().map(|finding| finding.what.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        let (tone, word) = match finding.state {
            State::Ok => (Tone::Good, "OK  "),
            State::Warn => (Tone::Warn, "WARN"),
            State::Fail => (Tone::Bad, "FAIL"),
        };
        let word = paint.paint(tone, word);
        text.push_str(&format!("{word}  {:<width$}  {}\n", finding.what, finding.seen));
        if !finding.todo.is_empty() {
            text.push_str(&format!("      {:<width$}  -> {}\n", "", finding.todo));
        }
    }
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    text.push_str(&format!(
        "\n{} ok, {} to mind, {} wrong\n",
        count(State::Ok),
        count(State::Warn),
        count(State::Fail)
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_what_to_do_only_if_there_is_something_to_do() {
        let findings = [
            Finding::ok("cores", "2"),
            Finding::new(State::Warn, "load", "2.40 on 2 cores", "wait"),
            Finding::new(State::Ok, "disk", "40 GiB", "never said"),
        ];
        assert_eq!(
            render(&findings, Paint::PLAIN),
            "OK    cores  2\nWARN  load   2.40 on 2 cores\n             -> wait\nOK    disk   40 GiB\n\n\
             2 ok, 1 to mind, 0 wrong\n"
        );
    }

    #[test]
    fn limits_go_both_ways() {
        let limits = Limits { warn: 0.7, fail: 1.0 };
        assert_eq!([0.5, 0.7, 1.0].map(|value| limits.above(value)), [State::Ok, State::Warn, State::Fail]);
        let least = Limits { warn: 2.0, fail: 1.0 };
        assert_eq!([3.0, 2.0, 0.5].map(|value| least.below(value)), [State::Ok, State::Warn, State::Fail]);
    }
}
