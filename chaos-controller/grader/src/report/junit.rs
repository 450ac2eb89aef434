//! The verdict as JUnit XML, a case per criterion and proof, for CI to show. It is red exactly if the run's exit code is
//! not 0, whatever reads it.
//!
//! There is no standard; this is the part of the Jenkins xUnit plugin's `junit-10.xsd` that Jenkins, GitLab and the
//! reporters of GitHub all read: `testsuites`, `testsuite`, `properties`, `testcase`, `failure`, `error`, `skipped`,
//! `system-out`, in that order. Left out: `timestamp` and `hostname`, which would make two gradings of one recording differ.

use std::fmt::Write as _;

use super::html;
use super::xml::{attribute, text};
use crate::finding::Status;
use crate::scorecard::{Criterion, Scorecard};

/// What a test reporter makes of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failure,
    Error,
    Skipped,
}

struct Case<'a> {
    name: &'a str,
    outcome: Outcome,
    /// In one line.
    message: String,
    /// With the numbers, and where to look.
    detail: String,
}

struct Suite<'a> {
    name: &'static str,
    cases: Vec<Case<'a>>,
    /// The criteria carry the run's own; the proofs were looked at meanwhile.
    seconds: f64,
}

pub(crate) fn document(card: &Scorecard) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write_document(&mut page, card);
    page
}

fn write_document(page: &mut String, card: &Scorecard) -> std::fmt::Result {
    let suites = suites(card);
    let seconds: f64 = suites.iter().map(|suite| suite.seconds).sum();
    writeln!(page, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    let [tests, failures, errors, _] = sums(&suites);
    writeln!(
        page,
        "<testsuites name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds:.3}\">",
        attribute(&format!("firedrill {} {}", card.drill, card.variant))
    )?;
    for suite in &suites {
        write_suite(page, card, suite)?;
    }
    writeln!(page, "</testsuites>")
}

fn write_suite(page: &mut String, card: &Scorecard, suite: &Suite<'_>) -> std::fmt::Result {
    let [tests, failures, errors, skipped] = sums(std::slice::from_ref(suite));
    // The same in every run of a drill, so that CI can tell what became of a case over time.
    let class = format!("firedrill.{}.{}", card.drill, suite.name);
    let class = attribute(&class);
    writeln!(
        page,
        "  <testsuite name=\"{class}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"{:.3}\">",
        suite.seconds
    )?;
    writeln!(page, "    <properties>")?;
    for (name, value) in properties(card) {
        writeln!(page, "      <property name=\"{name}\" value=\"{}\"/>", attribute(&value))?;
    }
    writeln!(page, "    </properties>")?;
    for case in &suite.cases {
        write_case(page, &class, case)?;
    }
    let said = format!("{}: {}\nreport: {}/report.html", card.verdict.name(), card.reason, card.run);
    writeln!(page, "    <system-out>{}</system-out>\n  </testsuite>", text(&said))
}

fn write_case(page: &mut String, class: &str, case: &Case<'_>) -> std::fmt::Result {
    let name = attribute(case.name);
    write!(page, "    <testcase name=\"{name}\" classname=\"{class}\"")?;
    let (tag, kind) = match case.outcome {
        Outcome::Passed => {
            return writeln!(
                page,
                ">\n      <system-out>{}</system-out>\n    </testcase>",
                text(&case.detail)
            );
        }
        Outcome::Skipped => {
            return writeln!(
                page,
                ">\n      <skipped message=\"{}\"/>\n    </testcase>",
                attribute(&case.message)
            );
        }
        Outcome::Failure => ("failure", "fail"),
        Outcome::Error => ("error", "unknown"),
    };
    writeln!(
        page,
        ">\n      <{tag} message=\"{}\" type=\"{kind}\">{}</{tag}>\n    </testcase>",
        attribute(&case.message),
        text(&case.detail)
    )
}

fn suites(card: &Scorecard) -> Vec<Suite<'_>> {
    let ended = card.timeline.last().map_or(0.0, |event| event.t_ms as f64 / 1e3);
    let mut suites = vec![
        Suite {
            name: "criteria",
            cases: card.criteria.iter().map(|one| case(one, &card.run)).collect(),
            seconds: ended,
        },
        Suite {
            name: "proofs",
            cases: card.proofs.iter().map(|one| case(one, &card.run)).collect(),
            seconds: 0.0,
        },
    ];
    let [_, failures, errors, _] = sums(&suites);
    if card.exit != 0 && failures + errors == 0 {
        // What no criterion shows: somebody interrupted the run.
        suites[1].cases.push(Case {
            name: "run",
            outcome: Outcome::Error,
            message: card.reason.clone(),
            detail: format!("{}\nexit code {}", card.reason, card.exit),
        });
    }
    suites
}

fn case<'a>(criterion: &'a Criterion, run: &str) -> Case<'a> {
    let finding = &criterion.finding;
    let outcome = match (finding.status, criterion.required) {
        (Status::Pass, _) => Outcome::Passed,
        (Status::Fail, true) => Outcome::Failure,
        (Status::Unknown, true) => Outcome::Error,
        (Status::Fail | Status::Unknown, false) => Outcome::Skipped,
    };
    let message = match (outcome, finding.status) {
        (Outcome::Skipped, Status::Unknown) => format!("unknown, and not required: {}", finding.reason),
        (Outcome::Skipped, _) => format!("fails, and is not required: {}", finding.reason),
        _ => finding.reason.clone(),
    };
    let number = |value: Option<f64>| value.map_or("none".to_owned(), |value| value.to_string());
    let mut detail = format!(
        "{}\nvalue: {}\nthreshold: {}",
        finding.reason,
        number(finding.value),
        number(finding.threshold)
    );
    if finding.threshold.is_some() {
        let row = html::criteria::row(criterion, run);
        detail.push_str(&format!(
            "\ntarget: {}\nmeasured: {}\nmargin: {}",
            row.target, row.measured, row.margin
        ));
    }
    let command = finding.command(run);
    for (name, value) in
        [("evidence", Some(&finding.evidence)), ("query", finding.query.as_ref()), ("ask", command.as_ref())]
    {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            detail.push_str(&format!("\n{name}: {value}"));
        }
    }
    Case { name: &criterion.name, outcome, message, detail }
}

/// All cases, failures, errors, skipped ones.
fn sums(suites: &[Suite<'_>]) -> [usize; 4] {
    let cases = || suites.iter().flat_map(|suite| &suite.cases);
    let count = |outcome| cases().filter(|case| case.outcome == outcome).count();
    [cases().count(), count(Outcome::Failure), count(Outcome::Error), count(Outcome::Skipped)]
}

fn properties(card: &Scorecard) -> [(&'static str, String); 10] {
    [
        ("run", card.run.clone()),
        ("drill", card.drill.clone()),
        ("variant", card.variant.clone()),
        ("candidate", card.candidate.clone().unwrap_or_default()),
        ("mode", card.mode.clone()),
        ("seed", card.seed.to_string()),
        ("scale", card.scale.clone()),
        ("verdict", card.verdict.name().to_owned()),
        ("exit", card.exit.to_string()),
        ("head", card.head.clone()),
    ]
}

#[cfg(test)]
mod tests {
    use evidence::{Recording, kind};
    use serde_json::json;

    use super::*;
    use crate::testbed::Bed;
    use crate::verdict::Verdict;

    fn graded(bed: &Bed) -> Scorecard {
        crate::grade(&bed.recording()).card
    }

    fn count(page: &str, what: &str) -> usize {
        page.matches(what).count()
    }

    #[test]
    fn every_criterion_and_every_proof_is_a_case() {
        let card = graded(&Bed::recovered());
        let page = document(&card);
        assert_eq!(count(&page, "<testcase "), card.criteria.len() + card.proofs.len(), "{page}");
        assert_eq!((count(&page, "<failure "), count(&page, "<error ")), (0, 0), "{page}");
        for property in ["run", "drill", "variant", "seed", "scale", "head"] {
            assert_eq!(count(&page, &format!("<property name=\"{property}\"")), 2, "{page}");
        }
    }

    #[test]
    fn a_criterion_that_fails_is_a_failure_with_its_numbers_and_its_query() {
        let mut card = graded(&Bed::never_recovered());
        card.criteria[0].finding.query = Some("sum(rate(a{b=\"c\"}[5s])) < 1".to_owned());
        let page = document(&card);
        let failure =
            page.split("<testcase name=\"goodput\"").nth(1).unwrap().split("</testcase>").next().unwrap();
        for part in
            ["<failure message=\"", "type=\"fail\"", "threshold: 0.95", "query: sum(rate(a{b=", "&lt; 1"]
        {
            assert!(failure.contains(part), "no `{part}` in {failure}");
        }
    }

    #[test]
    fn an_unknown_is_an_error_and_never_passes() {
        let mut bed = Bed::recovered();
        bed.ledgers.charges = None;
        let page = document(&graded(&bed));
        let money = page.split("<testcase name=\"money\"").nth(1).unwrap();
        assert!(money.split("</testcase>").next().unwrap().contains("<error "), "{money}");
    }

    #[test]
    fn what_is_not_required_is_skipped_and_says_why() {
        let mut card = graded(&Bed::never_recovered());
        card.criteria[0].required = false;
        card.criteria[1].required = false;
        card.criteria[1].finding =
            crate::Finding { status: Status::Unknown, ..card.criteria[1].finding.clone() };
        let page = document(&card);
        assert!(page.contains("<skipped message=\"fails, and is not required: "), "{page}");
        assert!(page.contains("<skipped message=\"unknown, and not required: "), "{page}");
    }

    #[test]
    fn it_is_red_exactly_if_the_run_did_not_pass() {
        let interrupted = Bed::recovered().entry(38_500, kind::ACTION, "operator", json!({"verb": "halt"}));
        for bed in [Bed::recovered(), Bed::never_recovered(), interrupted] {
            let card = graded(&bed);
            let page = document(&card);
            let red = count(&page, "<failure ") + count(&page, "<error ") > 0;
            assert_eq!(red, card.verdict != Verdict::Pass, "{}: {page}", card.reason);
        }
        let card = Scorecard {
            exit: 105,
            reason: "the run was interrupted".to_owned(),
            ..graded(&Bed::recovered())
        };
        let page = document(&card);
        assert!(page.contains("<testcase name=\"run\"") && page.contains("errors=\"1\""), "{page}");
    }

    #[test]
    fn words_of_others_stay_words() {
        let mut card = graded(&Bed::never_recovered());
        card.criteria[0].name = "a\"/><evil".to_owned();
        card.criteria[0].finding.reason = "]]> <b>\u{1}\u{ffff}\n&amp;".to_owned();
        let page = document(&card);
        assert!(page.contains("name=\"a&quot;/&gt;&lt;evil\""), "{page}");
        assert!(page.contains("]]&gt; &lt;b&gt;\u{fffd}\u{fffd}\n&amp;amp;"), "{page}");
        assert!(page.contains("]]&gt; &lt;b&gt;\u{fffd}\u{fffd}&#10;&amp;amp;"), "{page}");
    }

    #[test]
    fn nothing_in_it_is_of_the_machine_or_the_moment() {
        let recording = Bed::never_recovered().recording();
        let page = crate::grade(&recording).junit();
        assert_eq!(page, crate::grade(&recording).junit());
        assert!(!page.contains("timestamp") && !page.contains("hostname") && !page.contains(": /"), "{page}");
    }

    #[test]
    fn a_recording_of_nothing_is_an_error_and_still_a_document() {
        let page = document(&crate::grade(&Recording::default()).card);
        assert!(page.starts_with("<?xml ") && count(&page, "<error ") == 1, "{page}");
    }
}
