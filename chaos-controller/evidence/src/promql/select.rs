//! From a selector to series, and from series to values on a grid.

use std::borrow::Cow;

use super::expr::{Selector, Shift};
use super::grid::{Grid, is_absent};
use super::labels::{JOB, NAME, Tags};
use super::points::Points;
use crate::samples::{Samples, Series};

/// 1 for a scrape that was answered, 0 for one that was not: synthesised for each process, as a scraper does.
pub(super) const UP: &str = "up";

/// One series over the steps of a grid; a step without a value is `ABSENT`.
#[derive(Debug, Clone)]
pub(super) struct Track<'a> {
    pub(super) tags: Tags<'a>,
    pub(super) values: Vec<f64>,
}

impl Track<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.values.iter().all(|value| is_absent(*value))
    }
}

/// What a selector finds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found<'a> {
    Series(&'a Series),
    /// The `up` of a process, by its place among the sources.
    Up(usize),
}

impl Selector {
    /// Every series that it takes, in the order of the samples.
    pub(super) fn find<'a>(&self, samples: &'a Samples) -> Vec<Found<'a>> {
        let mut found: Vec<Found<'a>> = match &self.name {
            Some(name) => samples
                .series(name, &[])
                .into_iter()
                .filter(|one| self.takes(one))
                .map(Found::Series)
                .collect(),
            None => samples.all().iter().filter(|one| self.takes(one)).map(Found::Series).collect(),
        };
        if self.name.as_deref().is_none_or(|name| name == UP) {
            let takes = |(_, service, instance): &(usize, &str, &str)| {
                self.matchers.iter().all(|matcher| {
                    matcher.takes(match matcher.label.as_str() {
                        NAME => UP,
                        "job" => JOB,
                        "service" => service,
                        "instance" => instance,
                        _ => "",
                    })
                })
            };
            let processes = samples.processes().filter(|process| takes(process));
            found.extend(processes.map(|(place, ..)| Found::Up(place)));
        }
        found
    }

    fn takes(&self, series: &Series) -> bool {
        self.matchers.iter().all(|matcher| {
            matcher.takes(match matcher.label.as_str() {
                NAME => &series.name,
                "job" if !series.recorded => JOB,
                label => series.label(label).unwrap_or_default(),
            })
        })
    }

    /// How many series [`Self::find`] has to look at.
    pub(super) fn among(&self, samples: &Samples) -> usize {
        match &self.name {
            Some(name) if name != UP => samples.named(name),
            Some(_) => samples.instances().count(),
            None => samples.all().len(),
        }
    }
}

impl<'a> Found<'a> {
    pub(super) fn tags(self, samples: &'a Samples) -> Tags<'a> {
        match self {
            Found::Series(series) => Tags::of_series(series),
            Found::Up(index) => {
                let (service, instance) = samples.process(index);
                let pairs = [(NAME, UP), ("job", JOB), ("service", service), ("instance", instance)];
                Tags::of(pairs.map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value))))
            }
        }
    }

    /// The samples after `from` and until `to`, with marks where the series ended if they are wanted.
    pub(super) fn load(self, samples: &Samples, (from, to): (i64, i64), marks: bool, points: &mut Points) {
        points.clear();
        match self {
            Found::Series(series) => samples.expand(series, from, to, |t_ms, value| {
                if marks || !is_absent(value) {
                    points.push(t_ms, value);
                }
            }),
            Found::Up(index) => samples.up(index, from, to, |t_ms, value| points.push(t_ms, value)),
        }
    }
}

/// The time that a grid looks at, `range_ms` before its first step included.
pub(super) fn span(grid: &Grid, shift: Shift, range_ms: i64) -> (i64, i64) {
    let (first, last) = (shift.apply(grid.start_ms), shift.apply(grid.at(grid.count.saturating_sub(1))));
    (first - range_ms, last)
}
