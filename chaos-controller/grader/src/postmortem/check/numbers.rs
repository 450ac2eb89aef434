//! Impact is measured, and a timeline has times.

use std::sync::LazyLock;

use regex::Regex;

use super::{Page, Place, Problem, problem, sections};
use crate::scorecard::Scorecard;

pub(super) fn check(page: &Page<'_>, _card: &Scorecard) -> Vec<Problem> {
    let rules = [
        (
            "impact",
            1,
            "an impact without numbers cannot be compared with the next one",
            "how many users, requests and cents, and how much of the error budget",
        ),
        (
            "timeline",
            2,
            "a timeline without times does not say how long anything took",
            "a time at each event, such as `14:07` or `+12 s`",
        ),
    ];
    rules
        .into_iter()
        .filter_map(|(part, fewest, why, better)| bare(page, part, fewest, why, better))
        .collect()
}

/// The part is there, says something, and has too few numbers.
fn bare(page: &Page<'_>, part: &str, fewest: usize, why: &str, better: &str) -> Option<Problem> {
    // Written out, a number is one too.
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\d+|\b(?:no(?:body|ne)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundreds?|thousands?|half|third|quarter|every|all)\b")
            .expect("a regular expression")
    });
    let sections = sections::of(page, part);
    let bodies: Vec<String> = sections.iter().map(|section| page.body(section)).collect();
    let first = sections.first()?;
    let said = bodies.iter().any(|body| body.chars().any(char::is_alphanumeric));
    let numbers: usize = bodies.iter().map(|body| NUMBER.find_iter(body).count()).sum();
    let place = Place { line: first.line, column: 1 };
    (said && numbers < fewest).then(|| problem(place, &first.title, why, better))
}
