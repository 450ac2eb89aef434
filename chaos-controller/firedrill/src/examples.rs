//! The examples that people copy: what `deploy/ci` runs are commands of this program, and its workflow is one.

use clap::Parser as _;
use serde_json::Value;

use crate::cli::{Cli, Command};

const WORKFLOW: &str = include_str!("../../../deploy/ci/github-actions.yml");
const README: &str = include_str!("../../../deploy/ci/README.md");

fn workflow() -> Value {
    serde_saphyr::from_str(WORKFLOW).unwrap()
}

fn steps() -> Vec<Value> {
    let jobs = workflow()["jobs"].as_object().cloned().unwrap_or_default();
    jobs.values().flat_map(|job| job["steps"].as_array().cloned().unwrap_or_default()).collect()
}

/// The commands of a script that begin with `firedrill`.
fn commands(script: &str) -> Vec<Vec<&str>> {
    let lines = script.lines().map(str::trim).filter(|line| line.starts_with("firedrill "));
    lines.map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn the_workflow_runs_commands_of_this_program() {
    let steps = steps();
    let scripts: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    let lines: Vec<Vec<&str>> = scripts.iter().flat_map(|script| commands(script)).collect();
    assert!(lines.len() >= 3, "{lines:?}");
    for line in lines {
        let parsed = Cli::try_parse_from(&line);
        assert!(parsed.is_ok(), "{line:?}: {}", parsed.unwrap_err());
    }
}

#[test]
fn the_workflow_plays_a_gate_and_keeps_its_verdict_whatever_it_is() {
    let steps = steps();
    for step in &steps {
        assert!(step["run"].is_string() != step["uses"].is_string(), "{step}");
        // A name without a version is whatever somebody pushed last.
        assert!(step["uses"].as_str().is_none_or(|action| action.contains("@v")), "{step}");
    }
    let at = |wanted: &dyn Fn(&Value) -> bool| {
        steps.iter().position(wanted).unwrap_or_else(|| panic!("{steps:#?}"))
    };
    let says = |step: &Value, what: &str| step["run"].as_str().is_some_and(|script| script.contains(what));
    let gate = at(&|step| says(step, "--gate --junit junit.xml"));
    let summary = at(&|step| says(step, "GITHUB_STEP_SUMMARY"));
    let upload = at(&|step| {
        step["uses"].as_str().is_some_and(|action| action.starts_with("actions/upload-artifact@"))
    });
    assert!(gate < summary && summary < upload, "{steps:#?}");
    assert!(
        steps[gate]["if"].is_null() && steps[gate]["continue-on-error"].is_null(),
        "its exit code decides"
    );
    for step in [summary, upload] {
        assert!(
            steps[step]["if"].as_str().is_some_and(|when| when.contains("!cancelled()")),
            "{}",
            steps[step]
        );
    }
    let kept = steps[upload]["with"]["path"].as_str().unwrap();
    assert!(kept.contains("junit.xml") && kept.lines().any(|path| path.trim() == "runs/"), "{kept}");
}

#[test]
fn the_commands_of_its_readme_are_commands_too() {
    let lines = commands(README);
    assert!(!lines.is_empty());
    for line in lines {
        let parsed = Cli::try_parse_from(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        assert!(matches!(parsed.command, Command::Run(_)));
    }
}
