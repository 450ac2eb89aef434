//! The measuring side was healthy in every phase: it sent what it should have, when it should have. A sick generator
//! shows a sick shop whatever the shop does.
//!
//! Arrivals are numbered without gaps, so a number that is missing from the log was not sent (or its answer was not
//! recorded, which is as bad). A generator that stops altogether leaves no gap: the count is also held against the
//! plan's rate, surges included, with four standard deviations of a Poisson process as tolerance.

use std::collections::BTreeMap;

use evidence::kind;

use super::with_note;
use crate::case::Case;
use crate::finding::{Finding, percent};
use crate::moments::{Span, millis};
use crate::surge;

const DEVIATIONS: f64 = 4.0;

/// The generator in one phase.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) offered: u64,
    pub(crate) sent: u64,
    pub(crate) expected: f64,
    pub(crate) lateness_p99_ms: Option<f64>,
}

impl Phase {
    fn achieved(&self) -> f64 {
        // A phase too short for a request missed none; one that should have had some fails by its expected count.
        if self.offered == 0 { 1.0 } else { self.sent as f64 / self.offered as f64 }
    }
}

pub(super) fn prove(case: &Case<'_>) -> Finding {
    let thresholds = &case.plan.thresholds;
    let latest = thresholds.lateness_p99.as_secs_f64() * 1e3;
    let phases = phases(case);
    let mut least = 1.0f64;
    let mut most_late = 0.0f64;
    for phase in &phases {
        let tolerance = DEVIATIONS * phase.expected.sqrt();
        let enough = phase.sent as f64 >= thresholds.achieved * phase.expected - tolerance;
        if phase.achieved() < thresholds.achieved || !enough {
            let of = if enough { phase.offered as f64 } else { phase.expected };
            let finding = Finding::fail(format!(
                "only {} of about {of:.0} requests were sent in phase {}",
                phase.sent, phase.name
            ));
            return with_note(
                case,
                "generator",
                finding.value(phase.sent as f64 / of.max(1.0)).at_least(thresholds.achieved).unit("share"),
            );
        }
        let late = phase.lateness_p99_ms.unwrap_or_default();
        if late >= latest {
            let finding = Finding::fail(format!(
                "requests left {late:.1} ms late (p99) in phase {}, less than {latest:.0} ms is needed",
                phase.name
            ));
            return with_note(case, "generator", finding.value(late).below(latest).unit("ms"));
        }
        least = least.min(phase.achieved());
        most_late = most_late.max(late);
    }
    let finding = if phases.is_empty() {
        Finding::unknown("there is no phase with load")
    } else {
        Finding::pass(format!(
            "{} of the offered load was sent in every phase, at most {most_late:.1} ms late (p99)",
            percent(least)
        ))
        .value(least)
    };
    let finding = finding
        .at_least(thresholds.achieved)
        .unit("share")
        .evidence("requests.bin: gaps in the numbers of arrivals, and lateness, by phase");
    with_note(case, "generator", finding)
}

/// The phases in which load is judged: from the baseline to the end of the replay, and where recovery is judged after the
/// trigger, as far as the recovery after the replay is. The second of the handover counts with the outage that it ends:
/// the p99 of so few requests is that of one hiccup.
pub(crate) fn phases(case: &Case<'_>) -> Vec<Phase> {
    let mut starts: Vec<(String, u64)> = case
        .recording
        .entries(kind::PHASE)
        .filter(|entry| entry.text("name") != kind::phase::HANDOVER)
        .map(|entry| (entry.text("name").to_owned(), entry.t_ms))
        .collect();
    starts.sort_by_key(|(_, t_ms)| *t_ms);
    // Load has begun with its first request: what lies before it is the lab getting ready.
    let first = case.log.rows().first().map_or(0, |row| row.request.intended_ms());
    let after = case.plan.aftermath.as_ref().map(|stated| millis(stated.within + case.plan.proving()));
    let quiet = |name: &str| match name {
        "settle" => after.is_none(),
        name => ["reconcile", "prove_clean", "done"].contains(&name),
    };
    let last = starts.iter().find(|(name, _)| quiet(name)).map(|(_, t_ms)| *t_ms);
    let judged = case.moments.replay.map(|replay| replay.to + after.unwrap_or_default());
    let end = last.into_iter().chain(judged).min().unwrap_or(case.moments.end);
    let mut phases = Vec::new();
    for (index, (name, t_ms)) in starts.iter().enumerate() {
        let next = starts.get(index + 1).map_or(end, |(_, next)| *next);
        let span = Span { from: (*t_ms).max(first), to: next.min(end) };
        if span.from < span.to {
            phases.push(phase(case, name, span));
        }
    }
    phases
}

pub(crate) fn phase(case: &Case<'_>, name: &str, span: Span) -> Phase {
    let rows = case.log.within(span);
    let mut numbers: BTreeMap<u8, (u64, u64, u64)> = BTreeMap::new();
    let mut lateness: Vec<u64> = Vec::with_capacity(rows.len());
    for row in rows {
        let index = row.request.index;
        let (least, most, count) = numbers.entry(row.request.journey).or_insert((index, index, 0));
        (*least, *most, *count) = ((*least).min(index), (*most).max(index), *count + 1);
        lateness.push(row.request.lateness_us);
    }
    lateness.sort_unstable();
    let p99 =
        lateness.get((lateness.len() * 99).div_ceil(100).saturating_sub(1)).map(|late| *late as f64 / 1e3);
    let rate: f64 = case.plan.load.journeys.iter().map(|load| load.rate).sum();
    Phase {
        name: name.to_owned(),
        span,
        // A load that was started anew numbers anew; then the count itself is the best that is known.
        offered: numbers.values().map(|(least, most, count)| (most - least + 1).max(*count)).sum(),
        sent: rows.len() as u64,
        expected: rate * span.seconds() * surge::mean_factor(case, span),
        lateness_p99_ms: p99,
    }
}

/// The whole time under load as one.
pub(crate) fn overall(case: &Case<'_>) -> Option<Phase> {
    let phases = phases(case);
    let span = Span { from: phases.first()?.span.from, to: phases.last()?.span.to };
    Some(phase(case, "all", span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};

    #[test]
    fn a_generator_that_sends_everything_in_time_is_healthy() {
        let finding = graded(&Bed::recovered(), prove);
        assert_eq!(finding.status, Status::Pass, "{}", finding.reason);
    }

    #[test]
    fn gaps_in_the_numbers_are_requests_not_sent() {
        let mut bed = Bed::recovered();
        bed.requests
            .retain(|request| !(12_000..14_000).contains(&request.intended_ms()) || request.index % 5 != 0);
        let finding = graded(&bed, prove);
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.contains("phase"), "{}", finding.reason);
    }

    #[test]
    fn a_late_generator_is_sick() {
        let mut bed = Bed::recovered();
        bed.requests.iter_mut().filter(|r| r.intended_ms() > 20_000).for_each(|r| r.lateness_us = 80_000);
        assert_eq!(graded(&bed, prove).status, Status::Fail);
    }

    #[test]
    fn one_hiccup_in_the_second_of_the_handover_is_not_a_sick_generator() {
        let mut bed = Bed::recovered();
        let handover =
            bed.phases.iter().find(|(name, _)| *name == "handover").map(|(_, t_ms)| *t_ms).unwrap();
        let caught = |t_ms: u64| (handover..handover + 30).contains(&t_ms);
        bed.requests.iter_mut().filter(|r| caught(r.intended_ms())).for_each(|r| r.lateness_us = 60_000);
        let finding = graded(&bed, prove);
        assert_eq!(finding.status, Status::Pass, "{}", finding.reason);
    }

    #[test]
    fn where_recovery_is_judged_after_the_replay_the_generator_must_be_well_until_then() {
        let lacking = |mut bed: Bed, from: u64, to: u64| {
            bed.requests.retain(|request| !(from..to).contains(&request.intended_ms()));
            graded(&bed, prove)
        };
        let finding = lacking(Bed::stormy(), 33_500, 35_500);
        assert_eq!(finding.status, Status::Fail, "{}", finding.reason);
        assert!(finding.reason.contains("phase settle"), "{}", finding.reason);
        assert_eq!(graded(&Bed::stormy(), prove).status, Status::Pass);
        let finding = lacking(Bed::recovered(), 33_500, 35_500);
        assert_eq!(finding.status, Status::Pass, "nothing is judged there: {}", finding.reason);
    }

    #[test]
    fn without_phases_nothing_is_proven() {
        let mut bed = Bed::recovered();
        bed.phases.clear();
        assert_eq!(graded(&bed, prove).status, Status::Unknown);
    }
}
