//! Goodput from the user's request log: good requests over offered ones, by intended time. What is good is judged
//! elsewhere ([`crate::good`]).

use drill::{Journey, Plan};
use evidence::{Recording, Request};

use crate::good::Rule;
use crate::moments::{Moments, Span};

/// Rows between two counts. A search for recovery asks for thousands of spans of minutes; each is the difference of two
/// counts and some hundred rows.
const COUNTED: usize = 512;

/// The requests of a run in order of intended time, each judged once.
pub(crate) struct Log {
    rows: Vec<Row>,
    /// The tallies of all rows before every [`COUNTED`]th.
    counts: Vec<Tallies>,
    /// The journeys that the plan offers, in index order.
    pub(crate) journeys: Vec<Journey>,
    /// Those of them that recovery is judged by.
    judged: Vec<Journey>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) request: Request,
    pub(crate) good: bool,
}

/// Offered and good requests of one journey.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub offered: u64,
    pub good: u64,
}

/// A tally for each journey, by its index.
type Tallies = [Tally; Journey::ALL.len()];

impl Tally {
    /// One more request.
    pub fn count(&mut self, good: bool) {
        self.offered += 1;
        self.good += u64::from(good);
    }

    /// `None` if nothing was offered.
    pub fn share(self) -> Option<f64> {
        (self.offered > 0).then(|| self.good as f64 / self.offered as f64)
    }
}

impl Log {
    pub(crate) fn new(recording: &Recording, plan: &Plan, moments: &Moments) -> Log {
        let rule = Rule::of(recording, plan, moments);
        let row = |request: &Request| Row { request: *request, good: rule.bad(request).is_none() };
        let mut rows: Vec<Row> = recording.requests.iter().map(row).collect();
        rows.sort_unstable_by_key(|row| (row.request.intended_us, row.request.journey, row.request.index));
        let counts = counts(&rows);
        let journeys: Vec<Journey> =
            plan.load.journeys.iter().filter(|load| load.rate > 0.0).map(|load| load.journey).collect();
        let named = &plan.thresholds.journeys;
        let judged =
            journeys.iter().filter(|journey| named.is_empty() || named.contains(journey)).copied().collect();
        Log { rows, counts, journeys, judged }
    }

    /// The requests whose intended time is in the span.
    pub(crate) fn within(&self, span: Span) -> &[Row] {
        let (from, to) = self.places(span);
        &self.rows[from..to]
    }

    fn places(&self, span: Span) -> (usize, usize) {
        let at =
            |t_ms: u64| self.rows.partition_point(|row| row.request.intended_us < t_ms.saturating_mul(1_000));
        let (from, to) = (at(span.from), at(span.to));
        (from, to.max(from))
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Each offered journey's tally in the span.
    pub(crate) fn tallies(&self, span: Span) -> Vec<(Journey, Tally)> {
        let (from, to) = self.places(span);
        let (before, until) = (self.before(from), self.before(to));
        let grown = |journey: Journey| {
            let (before, until) = (before[usize::from(journey.index())], until[usize::from(journey.index())]);
            Tally { offered: until.offered - before.offered, good: until.good - before.good }
        };
        self.journeys.iter().map(|journey| (*journey, grown(*journey))).collect()
    }

    /// The tallies of all rows before this one.
    fn before(&self, place: usize) -> Tallies {
        let counted = place / COUNTED;
        let mut tallies = self.counts.get(counted).copied().unwrap_or_default();
        count(&mut tallies, &self.rows[counted * COUNTED..place]);
        tallies
    }

    /// The tallies of the journeys that recovery is judged by.
    pub(crate) fn judged(&self, span: Span) -> Vec<(Journey, Tally)> {
        self.tallies(span).into_iter().filter(|(journey, _)| self.judged.contains(journey)).collect()
    }

    /// Good of all requests of the journeys that recovery is judged by.
    pub(crate) fn share(&self, span: Span) -> f64 {
        let judged = self.judged(span);
        let (good, offered) = judged
            .iter()
            .fold((0, 0), |(good, offered), (_, tally)| (good + tally.good, offered + tally.offered));
        Tally { offered, good }.share().unwrap_or_default()
    }

    /// Of the journeys that recovery is judged by, the one with the least goodput; `None` if any of them has no
    /// request, since nothing is known of it.
    pub(crate) fn worst(&self, span: Span) -> Option<(Journey, f64)> {
        least(self.judged(span))
    }

    /// The same, of all journeys.
    pub(crate) fn worst_of_all(&self, span: Span) -> Option<(Journey, f64)> {
        least(self.tallies(span))
    }
}

/// One more than there are whole chunks, so that every row has a count at or before it.
fn counts(rows: &[Row]) -> Vec<Tallies> {
    let mut counts = vec![Tallies::default()];
    for rows in rows.chunks_exact(COUNTED) {
        let mut tallies = counts.last().copied().unwrap_or_default();
        count(&mut tallies, rows);
        counts.push(tallies);
    }
    counts
}

fn count(tallies: &mut Tallies, rows: &[Row]) {
    for row in rows {
        if let Some(tally) = tallies.get_mut(usize::from(row.request.journey)) {
            tally.count(row.good);
        }
    }
}

fn least(tallies: Vec<(Journey, Tally)>) -> Option<(Journey, f64)> {
    let shares: Option<Vec<(Journey, f64)>> =
        tallies.into_iter().map(|(journey, tally)| Some((journey, tally.share()?))).collect();
    shares?.into_iter().min_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    #[test]
    fn a_span_s_tallies_are_those_of_its_rows_wherever_it_begins() {
        let bed = Bed::never_recovered();
        let recording = bed.recording();
        let case = crate::case::Case::new(&recording, bed.plan());
        let last = case.log.rows().len();
        assert!(last > 4 * COUNTED, "{last} rows are too few to say anything");
        for (from, to) in [(0, u64::MAX), (0, 0), (3_300, 3_301), (9_999, 31_234), (40_000, 2)] {
            let span = Span { from, to };
            let mut tallies = Tallies::default();
            count(&mut tallies, case.log.within(span));
            let counted = |journey: &Journey| (*journey, tallies[usize::from(journey.index())]);
            let expected: Vec<(Journey, Tally)> = case.log.journeys.iter().map(counted).collect();
            assert_eq!(case.log.tallies(span), expected, "{span:?}");
        }
        let all: Vec<usize> = (0..=last).filter(|place| place % COUNTED == 0 || *place == last).collect();
        assert!(all.iter().all(|place| {
            let offered: u64 = case.log.before(*place).iter().map(|tally| tally.offered).sum();
            offered == *place as u64
        }));
    }
}
