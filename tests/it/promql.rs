//! Our PromQL against Prometheus' own: the same scrapes of a lab that is hurt, the same questions, the same answers.
//! Always between the scrapes: Debian's Prometheus is of version 2, whose ranges include their start, and ours do not,
//! as in version 3.

pub(crate) mod compare;
mod incident;

use std::collections::BTreeSet;
use std::io::Write as _;

use evidence::promql::{Extrapolation, Query, Settings};
use tests::oracle::{Oracle, Rules};
use tests::{scrapes, tools};

use compare::Asked;

/// What the lab's series carry as `job`.
const JOB: &str = "firedrill";
/// Of the steps of all subqueries of the list.
const ZERO_MULTIPLE_MS: u64 = 2_520_000;

/// As Debian's Prometheus 2.42 extrapolates; all else is what everybody gets.
const SETTINGS: Settings = Settings { extrapolation: Extrapolation::Prometheus2, ..Settings::DEFAULT };

#[test]
fn a_recorded_incident_answers_as_prometheus_does() {
    let Some(prometheus) = tools::need("prometheus") else { return };
    let scrapes = incident::scrapes();
    let samples = scrapes::samples(&scrapes);
    let rules = Rules {
        lookback_ms: SETTINGS.lookback_ms,
        subquery_step_ms: SETTINGS.subquery_step_ms,
        zero_multiple_ms: ZERO_MULTIPLE_MS,
    };
    let oracle = Oracle::start(&prometheus, rules);
    oracle.learn(&scrapes, JOB);

    let lines = include_str!("../data/promql.txt").lines();
    let queries: Vec<&str> =
        lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let end_ms = scrapes.iter().map(|scrape| scrape.t_ms).max().unwrap_or_default();
    let questions = compare::questions(end_ms);
    let (mut evaluations, mut ties, mut differences, mut silent) = (0, 0, Vec::new(), Vec::new());
    for text in &queries {
        let mut answered = false;
        for question in &questions {
            match compare::ask(text, *question, &samples, &SETTINGS, &oracle) {
                Asked::Same { values, tie } => {
                    answered |= values > 0;
                    ties += usize::from(tie);
                }
                Asked::BothFail => answered = true,
                Asked::Different(how) => differences.push(format!("{text}\n  {question}: {how}")),
                Asked::Senseless => continue,
            }
            evaluations += 1;
        }
        if !answered {
            silent.push(*text);
        }
    }
    let _ = writeln!(
        std::io::stderr(),
        "{} queries, {evaluations} evaluations, {} differences ({ties} ties of quantiles); refused: {:#?}",
        queries.len(),
        differences.len(),
        REFUSED.map(|(text, offset, message)| format!("{text}: {message} (at byte {offset})"))
    );
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(queries.len() >= 150, "{} queries", queries.len());
    assert_eq!(queries.iter().collect::<BTreeSet<_>>().len(), queries.len(), "a query is there twice");
    // Some are empty on purpose, and an incident may leave out an outcome. A list that compares nothing is another matter.
    assert!(silent.len() * 20 <= queries.len(), "never answered with a value:\n{}", silent.join("\n"));
}

/// What is PromQL and not ours: refused when it is read, with the byte at which it is.
const REFUSED: [(&str, usize, &str); 9] = [
    (
        "histogram_quantile(0.9, rate(x[5m])) + histogram_count(x)",
        39,
        "the function `histogram_count` is not known",
    ),
    ("holt_winters(x[1m], 0.5, 0.5)", 0, "the function `holt_winters` is not known"),
    ("limitk(2, x)", 0, "the function `limitk` is not known"),
    ("rate(x[5m] @ start())", 13, "`@ start()` is not known"),
    ("x @ end()", 4, "`@ end()` is not known"),
    ("sum(sin(x))", 4, "the function `sin` is not known"),
    ("hour() > 9", 0, "the function `hour` is not known"),
    ("x atan2 y", 2, "the operator `atan2` is not known"),
    ("x{a=\"1\" or b=\"2\"}", 8, "`or` between matchers is not known"),
];

#[test]
fn what_is_promql_and_not_ours_is_refused_with_its_place() {
    for (text, offset, message) in REFUSED {
        let refused = Query::parse(text).expect_err(text);
        assert_eq!((refused.offset, refused.message.as_str()), (offset, message), "{text}");
        assert!(refused.allowed.is_some(), "{text}: {refused}");
    }
}
