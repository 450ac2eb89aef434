//! The page as a whole.

use evidence::{Said, kind};
use serde_json::json;

use crate::testbed::Bed;

fn written(bed: &Bed) -> String {
    crate::grade(&bed.recording()).report_markdown()
}

#[test]
fn a_report_tells_what_broke_who_acted_and_why() {
    let bed = Bed::never_recovered().entry(
        12_000,
        kind::POLICY,
        "alice",
        json!({"version": 3, "reason": "stop | the bleeding", "patch": {"flags": {"checkout": "off"}}, "document": {"version": 1}}),
    );
    let report = written(&bed);
    for part in [
        "# FAIL: bank-slowdown (smoke, nothing)",
        "payment: the worker pool is full",
        "| **FAIL** | goodput | ≥ 95 % |",
        "points short |",
        "| +7.0 s | alice | policy 3: flags.checkout = off | stop \\| the bleeding |",
        "## Money",
        "## Dose",
        "- seed: ",
    ] {
        assert!(report.contains(part), "no `{part}` in\n{report}");
    }
}

#[test]
fn the_verdict_comes_first_then_half_a_page_then_the_criteria() {
    let report = written(&Bed::recovered());
    let at = |part: &str| report.find(part).unwrap_or_else(|| panic!("no `{part}` in\n{report}"));
    assert_eq!(at("# PASS: "), 0);
    assert!(at("## In short") < at("**What happened**") && at("**What happened**") < at("## Criteria"));
    assert!(at("## Criteria") < at("## What broke, and when") && at("## Timeline") < at("## The run"));
}

#[test]
fn what_nobody_said_has_no_section() {
    let report = written(&Bed::recovered());
    for absent in ["## Diagnoses", "### Messages", "## Questions for the debrief"] {
        assert!(!report.contains(absent), "`{absent}` in\n{report}");
    }
}

#[test]
fn what_people_said_is_told_and_stays_text() {
    let evil = "<img src=x onerror=alert(1)> | [x](javascript:1) `a` \n# heading";
    let said = Said::Say { text: evil.to_owned(), to: evidence::said::Audience::Users };
    let guess = Said::Diagnose {
        text: evil.to_owned(),
        root_cause: "bank".to_owned(),
        mechanism: Vec::new(),
        propagation: Vec::new(),
    };
    let report = written(&Bed::recovered().said(11_000, "eve|", &said).said(12_000, "eve|", &guess));
    for part in [
        "### Messages",
        "## Diagnoses",
        "eve\\|",
        "&lt;img src=x onerror=alert(1)> \\| \\[x\\](javascript:1) \\`a\\`  # heading",
    ] {
        assert!(report.contains(part), "no `{part}` in\n{report}");
    }
    assert!(!report.contains("<img") && !report.contains("\n# heading"), "{report}");
    // Every row of a table has the cells of its head.
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut head = 0;
    for line in report.lines() {
        if !line.starts_with('|') {
            head = 0;
        } else if head == 0 {
            head = bars(line);
        } else {
            assert_eq!(bars(line), head, "{line}");
        }
    }
}

#[test]
fn a_report_of_nothing_is_still_a_page() {
    let report = crate::grade(&evidence::Recording::default()).report_markdown();
    assert!(report.starts_with("# VOID"), "{report}");
}
