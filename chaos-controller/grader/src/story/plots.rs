//! The lines that are read from the samples: one query a plot, asked of every second of the run, and one row for each
//! series of its answer. What the query is stands beside the plot, so that anybody can ask it again.

use serde::{Deserialize, Serialize};

use super::axis;
use super::thin::thin;
use crate::case::Case;
use crate::finding::round;
use crate::query;

/// Seconds after the fault's start, and the value; `None`: there is none.
pub type Point = (f64, Option<f64>);

/// Rows of one kind on one axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plot {
    /// Its anchor.
    pub id: String,
    pub title: String,
    /// How it is read, in one sentence.
    pub about: String,
    pub unit: Unit,
    pub top: Top,
    /// The log or the query that it was read from.
    pub source: String,
    pub rows: Vec<Line>,
}

/// One row of a plot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub name: String,
    pub points: Vec<Point>,
    /// What it is held against: workers there are, requests offered. Empty: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<Point>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 0 to 1.
    Share,
    Seconds,
    PerSecond,
    Requests,
    Workers,
    /// Times as many.
    Factor,
}

/// Where a row's upper end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Top {
    /// 1.
    One,
    /// What it is held against.
    Against,
    /// The highest value of the row.
    Row,
    /// The highest value of all rows.
    Plot,
}

/// What a plot asks.
struct Asked {
    id: &'static str,
    title: &'static str,
    about: &'static str,
    unit: Unit,
    top: Top,
    query: &'static str,
    against: &'static str,
    by: &'static [&'static str],
}

const ASKED: [Asked; 3] = [
    Asked {
        id: "workers",
        title: "Workers busy",
        about: "The line along the top of a row is the size of the pool: a row that touches it has no worker left.",
        unit: Unit::Workers,
        top: Top::Against,
        query: "sum by (service) (lab_workers_busy{pool=\"main\"})",
        against: "sum by (service) (lab_workers_limit{pool=\"main\"})",
        by: &["service"],
    },
    Asked {
        id: "queues",
        title: "Requests waiting for a worker",
        about: "Each row is drawn to its own height; the number at its end is its peak.",
        unit: Unit::Requests,
        top: Top::Row,
        query: "sum by (service) (lab_queue_depth{pool=\"main\"})",
        against: "",
        by: &["service"],
    },
    Asked {
        id: "amplification",
        title: "Attempts per call",
        about: "1 is a call that is tried once. More is load that no user asked for.",
        unit: Unit::Factor,
        top: Top::Plot,
        query: "sum by (service, target) (rate(lab_client_attempts_total[5s])) / (sum by (service, target) (rate(lab_client_calls_total[5s])) > 0)",
        against: "",
        by: &["service", "target"],
    },
];

pub(super) fn all(case: &Case<'_>) -> Vec<Plot> {
    ASKED.iter().map(|asked| plot(case, asked)).collect()
}

fn plot(case: &Case<'_>, asked: &Asked) -> Plot {
    let against = rows(case, asked.against, asked.by);
    let mut rows: Vec<Line> = rows(case, asked.query, asked.by)
        .into_iter()
        .map(|(name, points)| {
            let of_same = against.iter().find(|(other, _)| *other == name);
            Line { against: of_same.map(|(_, points)| points.clone()).unwrap_or_default(), name, points }
        })
        .collect();
    rows.sort_by_key(|row| place(&row.name));
    Plot {
        id: asked.id.to_owned(),
        title: asked.title.to_owned(),
        about: asked.about.to_owned(),
        unit: asked.unit,
        top: asked.top,
        source: asked.query.to_owned(),
        rows,
    }
}

/// Each series of an answer by the values of its labels: "payment", "order → payment".
fn rows(case: &Case<'_>, text: &str, by: &[&str]) -> Vec<(String, Vec<Point>)> {
    if text.is_empty() {
        return Vec::new();
    }
    let span = axis::span(case);
    let answer = query::range(&case.recording.samples, text, span, STEP_MS);
    let row = |row: evidence::promql::Row| {
        let name: Vec<&str> =
            by.iter().filter_map(|label| row.labels.get(*label)).map(String::as_str).collect();
        (name.join(" → "), thin(filled(case, &row.points, span.to)))
    };
    answer.into_iter().map(row).filter(|(name, _)| !name.is_empty()).collect()
}

/// As often as processes are scraped.
pub(super) const STEP_MS: u64 = 1_000;

/// The answer with its holes: a point without a value at each end of a time in which there is none.
fn filled(case: &Case<'_>, points: &[(u64, f64)], to: u64) -> Vec<Point> {
    let seconds = |t_ms: u64| round(case.moments.seconds(t_ms));
    let mut filled: Vec<Point> = Vec::with_capacity(points.len());
    let mut due = points.first().map_or(0, |(t, _)| *t);
    for &(t_ms, value) in points {
        if t_ms > due {
            filled.push((seconds(due), None));
        }
        filled.push((seconds(t_ms), Some(round(value)).filter(|value| value.is_finite())));
        due = t_ms + STEP_MS;
    }
    if due + STEP_MS <= to && !points.is_empty() {
        filled.push((seconds(due), None));
    }
    filled
}

/// In the order of the shop's picture: callers before callees, strangers last.
fn place(name: &str) -> (usize, String) {
    let first = name.split(' ').next().unwrap_or(name);
    let place = crate::case::SHOP.iter().position(|service| *service == first);
    (place.unwrap_or(crate::case::SHOP.len()), name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    #[test]
    fn a_row_for_each_service_held_against_its_pool() {
        let bed = Bed::never_recovered();
        let recording = bed.recording();
        let plots = all(&Case::new(&recording, bed.plan()));
        let payment = plots[0].rows.iter().find(|row| row.name == "payment").unwrap();
        let highest = |points: &[Point]| points.iter().filter_map(|(_, v)| *v).fold(0.0, f64::max);
        assert_eq!((highest(&payment.points), highest(&payment.against)), (20.0, 20.0));
    }

    #[test]
    fn where_nothing_was_scraped_there_is_no_row() {
        let mut bed = Bed::never_recovered();
        bed.unscraped.push("payment");
        let recording = bed.recording();
        let plots = all(&Case::new(&recording, bed.plan()));
        assert!(plots.iter().all(|plot| plot.rows.iter().all(|row| row.name != "payment")));
    }

    #[test]
    fn a_time_without_samples_is_a_hole() {
        let bed = Bed::recovered();
        let recording = bed.recording();
        let case = Case::new(&recording, bed.plan());
        let points = filled(&case, &[(1_000, 4.0), (2_000, 5.0), (6_000, 6.0)], 20_000);
        let values: Vec<Option<f64>> = points.iter().map(|(_, value)| *value).collect();
        assert_eq!(values, [Some(4.0), Some(5.0), None, Some(6.0), None]);
    }
}
