//! Runs side by side, as a person and as a program ask for it.

use tests::played::full;
use tests::{Scratch, program};

#[test]
fn runs_are_told_apart_by_their_verdicts_first_and_by_the_money_at_last() {
    let runs = ["nothing", "layered"].map(full);
    let folders = runs.each_ref().map(|run| {
        let dir = run.dir.as_ref().unwrap_or_else(|| panic!("there is no run: {}", run.said.stderr));
        dir.display().to_string()
    });
    let scratch = Scratch::new();
    let said = program::say(&scratch, &["compare", &folders[0], &folders[1]]).expect(0);
    let at = |part: &str| said.stdout.find(part).unwrap_or_else(|| panic!("no `{part}` in\n{}", said.stdout));
    assert!(at("played by") < at("FAIL (exit 99)") && at("FAIL (exit 99)") < at("PASS (exit 0)"));
    assert!(
        at("PASS (exit 0)") < at("goodput (limit ≥ 0.95)") && at("goodput (limit ≥ 0.95)") < at("recovered")
    );
    let more = runs[1].number("/money/confirmed") - runs[0].number("/money/confirmed");
    assert!(at("recovered") < at(&format!("the second run confirmed {more:+.0} orders, worth ")));
    assert!(at("report.html") > at("the second run"), "{}", said.stdout);
    assert!(!said.stdout.contains("warning"), "{}", said.stdout);

    let json =
        program::say(&scratch, &["compare", &folders[0], &folders[1], "--output", "json"]).expect(0).json();
    assert_eq!(json["saved"]["orders"].as_f64(), Some(more), "{json}");
    assert_eq!(json["warnings"].as_array().map(Vec::len), Some(0), "{json}");
}

#[test]
fn what_is_no_run_is_refused_with_all_that_is_wrong() {
    let said = program::say(&Scratch::new(), &["compare", "runs/one", "runs/two"]).expect(104);
    for part in ["`runs/one` is no run", "`runs/two` is no run", "hint: "] {
        assert!(said.stderr.contains(part), "no `{part}` in {}", said.stderr);
    }
    let said = program::say(&Scratch::new(), &["compare", "runs/one"]).expect(2);
    assert!(said.stderr.contains("hint: firedrill compare runs/one "), "{}", said.stderr);
}
