//! The criteria and proofs as rows of a table: target, measured and margin in the unit of each, and in words.

use serde::Serialize;

use super::words;
use crate::finding::Status;
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
    query: Option<String>,
}

/// How a value is read, and which side of the threshold is well.
#[derive(Clone, Copy)]
enum Reading {
    /// A share, at least.
    Share,
    /// Seconds, less than.
    Wait,
    /// A factor, less than.
    Factor,
    /// Things that there should be none of.
    Faults,
    /// Milliseconds off, without a threshold of its own.
    Off,
    /// Of a drill's own: only its drill knows.
    Plain,
}

fn reading(name: &str) -> Reading {
    match name {
        "goodput" | "hold" | "replay" | "baseline" | "generator" => Reading::Share,
        "queue_wait" => Reading::Wait,
        "amplification" => Reading::Factor,
        "safe_bounds" | "services" | "money" | "residue" | "sealed" => Reading::Faults,
        "dose" => Reading::Off,
        _ => Reading::Plain,
    }
}

pub(in crate::report) fn rows(criteria: &[Criterion]) -> Vec<Row> {
    criteria.iter().map(row).collect()
}

fn row(criterion: &Criterion) -> Row {
    let finding = &criterion.finding;
    let reading = reading(&criterion.name);
    let (status, sign) = match finding.status {
        Status::Pass => ("pass", "✓"),
        Status::Fail => ("fail", "✕"),
        Status::Unknown => ("unknown", "?"),
    };
    let known = |value: Option<f64>, told: fn(Reading, f64) -> String| {
        value.map_or_else(|| "–".to_owned(), |value| told(reading, value))
    };
    let no_data = finding.value.is_none() && finding.status == Status::Unknown;
    Row {
        name: words::name(&criterion.name),
        id: criterion.name.clone(),
        status,
        sign,
        required: criterion.required,
        target: known(finding.threshold, target),
        measured: if no_data { "no data".to_owned() } else { known(finding.value, measured) },
        margin: match (finding.value, finding.threshold) {
            (Some(value), Some(threshold)) => margin(reading, value, threshold),
            _ if no_data => "unknown".to_owned(),
            _ => "–".to_owned(),
        },
        reason: words::capital(&finding.reason),
        evidence: finding.evidence.clone(),
        query: finding.query.clone(),
    }
}

fn target(reading: Reading, threshold: f64) -> String {
    match reading {
        Reading::Share => format!("≥ {}", words::percent(threshold)),
        Reading::Wait => format!("< {}", words::seconds(threshold)),
        Reading::Factor => format!("< {threshold:.2}×"),
        Reading::Faults if threshold == 0.0 => "none".to_owned(),
        Reading::Faults => format!("≤ {}", words::plain(threshold)),
        Reading::Off | Reading::Plain => words::plain(threshold),
    }
}

fn measured(reading: Reading, value: f64) -> String {
    match reading {
        Reading::Share => words::percent(value),
        Reading::Wait => words::seconds(value),
        Reading::Factor => format!("{value:.2}×"),
        Reading::Faults if value == 0.0 => "none".to_owned(),
        Reading::Off => format!("{value:.2} ms off"),
        Reading::Faults | Reading::Plain => words::plain(value),
    }
}

/// How far it is from the threshold, and on which side.
fn margin(reading: Reading, value: f64, threshold: f64) -> String {
    let room = if matches!(reading, Reading::Share) { value - threshold } else { threshold - value };
    let side = |well: &str, ill: &str| if room >= 0.0 { well.to_owned() } else { ill.to_owned() };
    match reading {
        Reading::Share => format!("{:.1} points {}", room.abs() * 100.0, side("above", "short")),
        Reading::Wait => format!("{} {}", words::seconds(room.abs()), side("to spare", "over")),
        Reading::Factor => format!("{:.2} {}", room.abs(), side("to spare", "over")),
        Reading::Faults if room == 0.0 => "–".to_owned(),
        Reading::Faults => format!("{} {}", words::plain(room.abs()), side("to spare", "too many")),
        Reading::Off | Reading::Plain => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Finding;

    fn told(name: &str, finding: Finding) -> (String, String, String) {
        let row = row(&Criterion { name: name.to_owned(), required: true, finding });
        (row.target, row.measured, row.margin)
    }

    fn three(target: &str, measured: &str, margin: &str) -> (String, String, String) {
        (target.to_owned(), measured.to_owned(), margin.to_owned())
    }

    #[test]
    fn each_criterion_is_told_in_its_own_unit() {
        let judged = |value, threshold| Finding::judged(true, "").value(value).threshold(threshold);
        assert_eq!(told("goodput", judged(1.0, 0.95)), three("≥ 95 %", "100 %", "5.0 points above"));
        assert_eq!(told("queue_wait", judged(2.6, 0.1)), three("< 100 ms", "2.6 s", "2.5 s over"));
        assert_eq!(told("amplification", judged(1.0, 1.05)), three("< 1.05×", "1.00×", "0.05 to spare"));
        assert_eq!(told("money", judged(7.0, 0.0)), three("none", "7", "7 too many"));
    }

    #[test]
    fn what_is_unknown_is_no_zero() {
        assert_eq!(told("money", Finding::unknown("").threshold(0.0)), three("none", "no data", "unknown"));
    }
}
