//! `firedrill check`: drills, policies and faults, every problem at once, with
//! its place. Starts nothing.

use std::path::{Path, PathBuf};

use clap::Args;
use drill::Problems;
use serde_json::{Value, json};

use crate::drills::{self, DRILL_FILE};
use crate::exit::{Exit, Failure};
use crate::output::{Format, Output, narrate, write_data, write_json};
use crate::paint::Paint;

/// Flags of `check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Drill folders or names, candidates, policy files (YAML or JSON)
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// What a path holds.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// A drill; candidates are checked with theirs.
    Drill(PathBuf),
    /// A policy document, or a patch on one.
    Policy,
}

impl Check {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let mut found = Problems::default();
        let mut lists = Vec::new();
        let mut good = Vec::new();
        for path in &self.paths {
            match one(path)? {
                Ok(what) => good.push(format!("{}: {what}", path.display())),
                Err(problems) => {
                    lists.extend(problems.to_json().as_array().cloned().unwrap_or_default());
                    if self.output.output == Format::Text {
                        narrate(&problems.render(Paint::for_stderr().is_on()));
                    }
                    found = problems;
                }
            }
        }
        match self.output.output {
            Format::Json => write_json(&json!({ "ok": lists.is_empty(), "problems": lists })),
            Format::Text => write_data(&good.join("\n")),
        }
        if found.is_empty() {
            return Ok(Exit::Pass);
        }
        let mut failure = Failure::new(Exit::Invalid, summary(&lists));
        if self.output.output == Format::Text {
            failure.details = lists.iter().map(place).collect();
        }
        Err(failure)
    }
}

/// Checks one path; says what it is, or what is wrong with it.
fn one(path: &Path) -> Result<Result<String, Problems>, Failure> {
    match kind(path)? {
        Kind::Drill(folder) => {
            let sources = drills::read(&folder)?;
            Ok(drill::check(&sources).map(|()| {
                let variants = drill::variants(&sources).join(", ");
                format!("a drill; variants {variants}; {} candidates", sources.candidates.len())
            }))
        }
        Kind::Policy => Ok(drill::check_policy(&drills::source(path)?).map(|document| {
            if document.get("version").is_some() {
                "a policy".to_owned()
            } else {
                "a policy patch".to_owned()
            }
        })),
    }
}

fn kind(path: &Path) -> Result<Kind, Failure> {
    let in_candidates = path.parent().is_some_and(|folder| folder.ends_with("candidates"));
    let drill = path.parent().and_then(Path::parent).filter(|folder| folder.join(DRILL_FILE).is_file());
    match drill {
        Some(drill) if in_candidates && path.is_file() => Ok(Kind::Drill(drill.to_owned())),
        _ if path.is_file() && !path.ends_with(DRILL_FILE) => Ok(Kind::Policy),
        _ => drills::find(&path.to_string_lossy()).map(Kind::Drill),
    }
}

fn summary(problems: &[Value]) -> String {
    match problems.len() {
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    }
}

/// `file:line:column: message`, which editors jump to.
fn place(problem: &Value) -> String {
    let text = |name: &str| {
        problem.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let [source, line, column, message] =
        ["source", "line", "column", "message"].map(|name| text(name).unwrap_or_default());
    format!("{source}:{line}:{column}: {message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_placed_as_editors_read_it() {
        let problem = json!({"source": "a.yaml", "line": 3, "column": 7, "message": "unknown key"});
        assert_eq!(place(&problem), "a.yaml:3:7: unknown key");
    }
}
