//! The criteria and proofs as rows of a table: target, measured and margin in the unit of each, and in words.

use serde::Serialize;

use super::words;
use crate::finding::{Finding, Sense, Status};
use crate::scorecard::Criterion;

/// One row.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Row {
    name: String,
    id: String,
    /// `pass`, `fail` or `unknown`.
    status: &'static str,
    sign: &'static str,
    required: bool,
    pub(in crate::report) target: String,
    pub(in crate::report) measured: String,
    pub(in crate::report) margin: String,
    reason: String,
    evidence: String,
    /// The whole command.
    pub(in crate::report) query: Option<String>,
}

/// How a value is read.
#[derive(Clone, Copy)]
enum Reading {
    Share,
    Seconds,
    Milliseconds,
    Factor,
    /// Things that there should be none of.
    Faults,
    Plain,
}

fn reading(finding: &Finding) -> Reading {
    match (finding.unit.as_str(), finding.sense, finding.threshold) {
        ("share", ..) => Reading::Share,
        ("s", ..) => Reading::Seconds,
        ("ms", ..) => Reading::Milliseconds,
        ("times", ..) => Reading::Factor,
        ("", Some(Sense::AtMost), Some(0.0)) => Reading::Faults,
        _ => Reading::Plain,
    }
}

pub(in crate::report) fn rows(criteria: &[Criterion], run: &str) -> Vec<Row> {
    criteria.iter().map(|criterion| row(criterion, run)).collect()
}

pub(in crate::report) fn row(criterion: &Criterion, run: &str) -> Row {
    let finding = &criterion.finding;
    let reading = reading(finding);
    let (status, sign) = match finding.status {
        Status::Pass => ("pass", "✓"),
        Status::Fail => ("fail", "✕"),
        Status::Unknown => ("unknown", "?"),
    };
    let no_data = finding.value.is_none() && finding.status == Status::Unknown;
    Row {
        name: words::name(&criterion.name),
        id: criterion.name.clone(),
        status,
        sign,
        required: criterion.required,
        target: target(reading, finding),
        measured: match finding.value {
            Some(value) => measured(reading, value),
            None if no_data => "no data".to_owned(),
            None => "–".to_owned(),
        },
        margin: match finding.margin() {
            Some(room) => margin(reading, finding.sense, room),
            None if no_data => "unknown".to_owned(),
            None => "–".to_owned(),
        },
        reason: words::capital(&finding.reason),
        evidence: finding.evidence.clone(),
        query: finding.command(run),
    }
}

fn target(reading: Reading, finding: &Finding) -> String {
    match (reading, finding.threshold) {
        (_, None) => "–".to_owned(),
        (Reading::Faults, Some(_)) => "none".to_owned(),
        (_, Some(threshold)) => {
            let sign = finding.sense.map_or(String::new(), |sense| format!("{} ", sense.sign()));
            sign + &measured(reading, threshold)
        }
    }
}

fn measured(reading: Reading, value: f64) -> String {
    match reading {
        Reading::Share => words::percent(value),
        Reading::Seconds => words::seconds(value),
        Reading::Milliseconds => format!("{} ms", words::plain(value)),
        Reading::Factor => format!("{value:.2}×"),
        Reading::Faults if value == 0.0 => "none".to_owned(),
        Reading::Faults | Reading::Plain => words::plain(value),
    }
}

/// How far it is from the threshold, and on which side.
fn margin(reading: Reading, sense: Option<Sense>, room: f64) -> String {
    let more = matches!(sense, Some(Sense::AtLeast | Sense::Above));
    let side = match (sense, room >= 0.0, reading) {
        (Some(Sense::Exactly), ..) => "off",
        (_, true, Reading::Share) => {
            if more {
                "above"
            } else {
                "below"
            }
        }
        (_, true, _) => "to spare",
        (_, false, Reading::Faults) => "too many",
        (_, false, _) => {
            if more {
                "short"
            } else {
                "over"
            }
        }
    };
    let far = room.abs();
    match reading {
        Reading::Faults if room == 0.0 => "–".to_owned(),
        Reading::Share => format!("{:.1} points {side}", far * 100.0),
        Reading::Factor => format!("{far:.2} {side}"),
        _ => format!("{} {side}", measured(reading, far)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(finding: Finding) -> (String, String, String) {
        let row = row(&Criterion { name: "any".to_owned(), required: true, finding }, "");
        (row.target, row.measured, row.margin)
    }

    fn three(target: &str, measured: &str, margin: &str) -> (String, String, String) {
        (target.to_owned(), measured.to_owned(), margin.to_owned())
    }

    #[test]
    fn each_criterion_is_told_in_its_own_unit() {
        let judged = |value: f64| Finding::judged(true, "").value(value);
        let shares = judged(1.0).at_least(0.95).unit("share");
        assert_eq!(told(shares), three("≥ 95 %", "100 %", "5.0 points above"));
        assert_eq!(told(judged(2.6).below(0.1).unit("s")), three("< 100 ms", "2.6 s", "2.5 s over"));
        let factor = judged(1.0).below(1.05).unit("times");
        assert_eq!(told(factor), three("< 1.05×", "1.00×", "0.05 to spare"));
        assert_eq!(told(judged(7.0).at_most(0.0)), three("none", "7", "7 too many"));
        assert_eq!(told(judged(12.5).below(10.0).unit("ms")), three("< 10 ms", "12.5 ms", "2.5 ms over"));
    }

    #[test]
    fn a_share_of_what_there_should_be_little_of_is_over_and_not_above() {
        let pending = Finding::fail("").value(0.061).at_most(0.01).unit("share");
        assert_eq!(told(pending), three("≤ 1 %", "6.1 %", "5.1 points over"));
    }

    #[test]
    fn what_is_unknown_is_no_zero() {
        assert_eq!(told(Finding::unknown("").at_most(0.0)), three("none", "no data", "unknown"));
    }

    #[test]
    fn a_scorecard_that_does_not_say_which_side_is_well_has_no_sign_and_no_margin() {
        let mut old = Finding::fail("").value(0.5).at_least(0.95);
        old.sense = None;
        assert_eq!(told(old), three("0.95", "0.5", "–"));
    }
}
