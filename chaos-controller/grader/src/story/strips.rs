//! What a breaker was, over time: stretches of one state, for each call that has one.

use serde::{Deserialize, Serialize};

use super::axis;
use super::plots::STEP_MS;
use crate::case::Case;
use crate::finding::round;
use crate::query;

/// The states of one breaker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Strip {
    /// "payment → bank.charge"
    pub name: String,
    pub query: String,
    pub stays: Vec<Stay>,
}

/// A stretch of one state, seconds after the fault's start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stay {
    pub from: f64,
    pub to: f64,
    /// `closed`, `open` or `half_open`, as the metric has it.
    pub state: String,
}

const QUERY: &str = "max by (service, target, method, state) (lab_breaker_state) == 1";

pub(super) fn breakers(case: &Case<'_>) -> Vec<Strip> {
    let span = axis::span(case);
    let mut strips: Vec<Strip> = Vec::new();
    for row in query::range(&case.recording.samples, QUERY, span, STEP_MS) {
        let label = |name: &str| row.labels.get(name).map(String::as_str).unwrap_or_default();
        let name = format!("{} → {}.{}", label("service"), label("target"), label("method"));
        let stays = stays(case, &row.points, label("state"));
        match strips.iter_mut().find(|strip| strip.name == name) {
            Some(strip) => strip.stays.extend(stays),
            None => strips.push(Strip { name, query: QUERY.to_owned(), stays }),
        }
    }
    for strip in &mut strips {
        strip.stays.sort_by(|a, b| a.from.total_cmp(&b.from));
    }
    strips
}

/// Points one step apart are one stretch.
fn stays(case: &Case<'_>, points: &[(u64, f64)], state: &str) -> Vec<Stay> {
    let mut found: Vec<(u64, u64)> = Vec::new();
    for (t_ms, _) in points {
        match found.last_mut() {
            Some((_, to)) if *t_ms <= *to => *to = t_ms + STEP_MS,
            _ => found.push((*t_ms, t_ms + STEP_MS)),
        }
    }
    let seconds = |t_ms: u64| round(case.moments.seconds(t_ms));
    let stay = |(from, to)| Stay { from: seconds(from), to: seconds(to), state: state.to_owned() };
    found.into_iter().map(stay).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    #[test]
    fn seconds_of_one_state_are_one_stretch() {
        let bed = Bed::recovered();
        let recording = bed.recording();
        let case = Case::new(&recording, bed.plan());
        let fault = case.moments.fault.unwrap();
        let points: Vec<(u64, f64)> = [0, 1, 2, 7, 8].map(|s| (fault + s * 1_000, 1.0)).to_vec();
        let found = stays(&case, &points, "open");
        assert_eq!((found.len(), found[0].from, found[0].to, found[1].to), (2, 0.0, 3.0, 9.0));
    }
}
