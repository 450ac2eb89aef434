//! The measures of several runs, every number that the scorecards have, the widest apart first. Which there are is not
//! known here: a new measure is compared as soon as scorecards carry it.

use std::collections::BTreeMap;

use grader::Scorecard;
use serde_json::Value;

use super::criteria::comparable;
use super::row::{Kind, Row, apart};
use crate::figures::{number, seconds};
use crate::verdict::amount;

/// What the facts tell already, and what is about the lab and not about the runs.
const LEFT_OUT: [&str; 8] = [
    "goodput_lost",
    "revenue.confirmed_cents",
    "revenue.missed_checkouts",
    "revenue.missed_cents",
    "time_to.recovery",
    "time_to.verified_recovery",
    "littles_law.",
    "payment_throughput_span",
];
/// The criterion whose threshold a measure is held against.
const HELD: [(&str, &str); 5] = [
    ("goodput_before.", "goodput"),
    ("goodput_during.", "goodput"),
    ("goodput_after.", "goodput"),
    ("amplification.", "amplification"),
    ("storm.amplification", "amplification"),
];

/// How far apart runs are by what some of them do not have: that something never happened is told by the times.
const NOT_EVERYWHERE: f64 = 0.05;

pub(super) fn rows(cards: &[&Scorecard]) -> Vec<Row> {
    let measured: Vec<BTreeMap<String, f64>> = cards.iter().map(|card| numbers(card)).collect();
    let mut names: Vec<&String> = measured.iter().flat_map(BTreeMap::keys).collect();
    names.sort();
    names.dedup();
    let common = |name: &&String| comparable(cards) || measured.iter().all(|card| card.contains_key(*name));
    let mut rows: Vec<Row> =
        names.into_iter().filter(common).map(|name| row(cards, &measured, name)).collect();
    rows.sort_by(|a, b| b.apart.total_cmp(&a.apart));
    rows
}

fn row(cards: &[&Scorecard], measured: &[BTreeMap<String, f64>], name: &str) -> Row {
    let values: Vec<Option<f64>> = measured.iter().map(|card| card.get(name).copied()).collect();
    let held = HELD.iter().find(|(measure, _)| name.starts_with(measure));
    let limit = held.and_then(|(_, criterion)| cards[0].criterion(criterion)?.finding.threshold);
    let told_by_absence = name.starts_with("time_to.") || values.iter().all(Option::is_some);
    let apart =
        if told_by_absence { apart(&values, limit.filter(|limit| *limit != 0.0)) } else { NOT_EVERYWHERE };
    let cells =
        values.iter().map(|value| value.map_or("-".to_owned(), |value| written(name, value))).collect();
    Row { apart, counted: true, ..Row::new(Kind::Measure, words(name), cells) }
}

/// Every number of the measures by its path; lists are left out, they are places and not measures.
fn numbers(card: &Scorecard) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    let measures = serde_json::to_value(&card.measures).expect("measures are plain data");
    walk(&measures, "", &mut found);
    found.retain(|name, _| {
        !LEFT_OUT.iter().any(|left| name == left || (left.ends_with('.') && name.starts_with(left)))
    });
    found
}

fn walk(value: &Value, at: &str, found: &mut BTreeMap<String, f64>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                walk(value, &path, found);
            }
        }
        Value::Number(number) => found.extend(number.as_f64().map(|number| (at.to_owned(), number))),
        _ => {}
    }
}

/// The path as words: `time_to.first_action` is "time to first action".
fn words(name: &str) -> String {
    ["_seconds", "_rps", "_cents", "_s"]
        .iter()
        .fold(name.to_owned(), |name, unit| {
            name.replace(&format!("{unit}."), ".").trim_end_matches(unit).to_owned()
        })
        .replace(['_', '.'], " ")
}

/// The value in the unit that its name tells.
fn written(name: &str, value: f64) -> String {
    let ends = |unit: &str| name.ends_with(unit) || name.contains(&format!("{unit}."));
    let share =
        ends("_share") || name.contains("_share_") || name.starts_with("goodput_") || ends("storm.goodput");
    if ends("_cents") {
        amount(value as i64)
    } else if ends("_rps") {
        format!("{}/s", number(value))
    } else if ends("_seconds") || ends("_s") || name.starts_with("time_to.") {
        seconds(value)
    } else if share && !name.contains("_lost") {
        format!("{:.1} %", value * 100.0)
    } else {
        number((value * 1e3).round() / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_written_in_the_unit_of_its_name() {
        for (name, value, text) in [
            ("payment_throughput_rps", 6.7, "6.7/s"),
            ("goodput_during.checkout", 0.056, "5.6 %"),
            ("goodput_lost_by_journey.home", 12.0, "12"),
            ("order_503_share_max", 1.0, "100.0 %"),
            ("amplification.order->payment", 3.98, "3.98"),
            ("wasted_work_seconds.payment", 90.0, "90.0 s"),
            ("revenue.saved_cents", 12_345.0, "123.45"),
            ("time_to.first_action", 22.0, "22.0 s"),
        ] {
            assert_eq!(written(name, value), text, "{name}");
        }
    }

    #[test]
    fn a_path_reads_as_words() {
        assert_eq!(words("wasted_work_seconds.payment"), "wasted work payment");
        assert_eq!(words("time_to.first_action"), "time to first action");
        assert_eq!(words("payment_throughput_rps"), "payment throughput");
    }
}
