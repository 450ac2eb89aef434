//! The lines that are read from the request log: what users saw, second by second, by the time at which they came.

use super::axis;
use super::plots::{Line, Plot, Point, STEP_MS, Top, Unit};
use super::thin::thin;
use crate::case::Case;
use crate::finding::round;
use crate::moments::Span;

const LOG: &str = "requests.bin: by intended time, one second a point";
/// The part of the users whose wait is drawn.
const QUANTILE: f64 = 0.95;

/// What was counted in one second of one journey.
#[derive(Debug, Clone, Default)]
struct Second {
    offered: u64,
    good: u64,
    latencies_us: Vec<u64>,
}

pub(super) fn plots(case: &Case<'_>) -> Vec<Plot> {
    let span = axis::span(case);
    let journeys: Vec<(String, Vec<Second>)> = case
        .log
        .journeys
        .iter()
        .map(|journey| (journey.name().replace('_', " "), seconds(case, span, journey.index())))
        .collect();
    let rows = |of: fn(&Second) -> Option<f64>| -> Vec<Line> {
        let line = |(name, seconds): &(String, Vec<Second>)| Line {
            name: name.clone(),
            points: points(case, seconds, of),
            against: Vec::new(),
        };
        journeys.iter().map(line).collect()
    };
    let plot = |id: &str, title: &str, about: &str, unit, top, rows| Plot {
        id: id.to_owned(),
        title: title.to_owned(),
        about: about.to_owned(),
        unit,
        top,
        source: LOG.to_owned(),
        rows,
    };
    vec![
        plot(
            "users",
            "Answered in time",
            "Share of each journey's requests that were answered correctly within its time.",
            Unit::Share,
            Top::One,
            rows(|second| (second.offered > 0).then(|| second.good as f64 / second.offered as f64)),
        ),
        plot(
            "latency",
            "How long users waited",
            "95 of 100 users waited no longer, those who gave up included. Each row is drawn to its own height.",
            Unit::Seconds,
            Top::Row,
            rows(quantile),
        ),
        plot(
            "goodput",
            "Goodput",
            "Requests answered in time each second, under the line of those that came.",
            Unit::PerSecond,
            Top::Against,
            vec![goodput(case, &journeys)].into_iter().filter(|row| !row.points.is_empty()).collect(),
        ),
    ]
}

fn seconds(case: &Case<'_>, span: Span, journey: u8) -> Vec<Second> {
    // The last second is not whole, and half a second of users would look like a dip.
    let whole = span.to.saturating_sub(span.from) / STEP_MS;
    let mut seconds = vec![Second::default(); usize::try_from(whole).unwrap_or_default()];
    for row in case.log.within(span).iter().filter(|row| row.request.journey == journey) {
        let at = (row.request.intended_ms().saturating_sub(span.from) / STEP_MS) as usize;
        if let Some(second) = seconds.get_mut(at) {
            second.offered += 1;
            second.good += u64::from(row.good);
            second.latencies_us.push(row.request.latency_us);
        }
    }
    seconds
}

/// Each second at its end, but for the last in which anybody came: the load ended somewhere within it.
fn points(case: &Case<'_>, seconds: &[Second], of: impl Fn(&Second) -> Option<f64>) -> Vec<Point> {
    let last = seconds.iter().rposition(|second| second.offered > 0).unwrap_or_default();
    let at = |n: usize| round(case.moments.seconds((n as u64 + 1) * STEP_MS));
    let points = seconds[..last].iter().enumerate().map(|(n, second)| (at(n), of(second).map(round)));
    thin(points.collect())
}

fn quantile(second: &Second) -> Option<f64> {
    let mut latencies = second.latencies_us.clone();
    if latencies.is_empty() {
        return None;
    }
    let rank = (((latencies.len() as f64) * QUANTILE).ceil() as usize).clamp(1, latencies.len());
    let (_, value, _) = latencies.select_nth_unstable(rank - 1);
    Some(*value as f64 / 1e6)
}

/// All journeys together, good against offered.
fn goodput(case: &Case<'_>, journeys: &[(String, Vec<Second>)]) -> Line {
    let length = journeys.iter().map(|(_, seconds)| seconds.len()).max().unwrap_or_default();
    let mut all = vec![Second::default(); length];
    for (_, seconds) in journeys {
        for (sum, second) in all.iter_mut().zip(seconds) {
            sum.offered += second.offered;
            sum.good += second.good;
        }
    }
    Line {
        name: "all journeys".to_owned(),
        points: points(case, &all, |second| Some(second.good as f64)),
        against: points(case, &all, |second| Some(second.offered as f64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    #[test]
    fn an_outage_shows_in_every_journey_and_in_goodput() {
        let bed = Bed::never_recovered();
        let recording = bed.recording();
        let case = Case::new(&recording, bed.plan());
        let plots = plots(&case);
        let lowest = |row: &Line| row.points.iter().filter_map(|(_, v)| *v).fold(f64::MAX, f64::min);
        assert!(plots[0].rows.iter().all(|row| lowest(row) == 0.0), "{:?}", plots[0]);
        assert_eq!(plots[2].rows[0].points.len(), plots[2].rows[0].against.len());
    }

    #[test]
    fn a_second_without_users_has_no_share_and_no_latency() {
        assert_eq!(quantile(&Second::default()), None);
        let second = Second { latencies_us: (1..=100).map(|n| n * 1_000).collect(), ..Second::default() };
        assert_eq!(quantile(&second), Some(0.095));
    }
}
