//! What the reader holds: sources with their scrape times, and series with their changes.

use std::collections::HashMap;

/// `(name, value)` pairs; `service` and `instance`, which the scraper attaches, come first.
pub type Labels = Vec<(String, String)>;

/// Everything that was scraped in a run.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    pub(super) sources: Vec<Source>,
    pub(super) series: Vec<Series>,
    pub(super) by_name: HashMap<String, Vec<usize>>,
    /// The last block was cut off: its writer was killed.
    pub torn: bool,
}

/// One process that was scraped.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Source {
    pub(super) service: String,
    pub(super) instance: String,
    pub(super) scrapes: Vec<Scrape>,
}

impl Source {
    /// A recording rule, which is no process: it has neither `up` nor a job.
    pub(super) fn is_rule(&self) -> bool {
        self.instance.is_empty()
    }
}

/// One attempt to scrape a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scrape {
    pub t_ms: u64,
    /// It answered.
    pub alive: bool,
}

/// One metric of one process over the run, or one answer of a recording rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub name: String,
    /// What a rule has recorded has the labels of its answer, `job` among them if the answer kept it.
    pub labels: Labels,
    /// Recorded by a rule, and not exposed by a process.
    pub(crate) recorded: bool,
    /// `(t_ms, value)` where the value changed; NaN marks staleness. Between points the last value holds.
    pub points: Vec<(u64, f64)>,
    pub(super) source: usize,
}

impl Series {
    /// The value of a label, if the series has it.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value that holds at `t_ms`; `None` before the first point and while stale.
    pub fn at(&self, t_ms: u64) -> Option<f64> {
        let after = self.points.partition_point(|(t, _)| *t <= t_ms);
        let (_, value) = *self.points.get(after.checked_sub(1)?)?;
        (!value.is_nan()).then_some(value)
    }

    pub(super) fn matches(&self, matchers: &[(&str, &str)]) -> bool {
        matchers.iter().all(|(name, value)| self.label(name) == Some(*value))
    }
}

impl Samples {
    /// The series of this name whose labels have all these values. Exact matches only: a set of values is several calls.
    pub fn series(&self, name: &str, matchers: &[(&str, &str)]) -> Vec<&Series> {
        let indices = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        indices.iter().map(|&index| &self.series[index]).filter(|series| series.matches(matchers)).collect()
    }

    /// How many series have this name.
    pub(crate) fn named(&self, name: &str) -> usize {
        self.by_name.get(name).map_or(0, Vec::len)
    }

    /// Every series, in the order of first sight.
    pub fn all(&self) -> &[Series] {
        &self.series
    }

    /// `(service, instance)` of every process that was scraped.
    pub fn instances(&self) -> impl Iterator<Item = (&str, &str)> {
        self.processes().map(|(_, service, instance)| (service, instance))
    }

    /// The same with the place of each among the sources.
    pub(crate) fn processes(&self) -> impl Iterator<Item = (usize, &str, &str)> {
        let sources = self.sources.iter().enumerate().filter(|(_, source)| !source.is_rule());
        sources.map(|(place, source)| (place, source.service.as_str(), source.instance.as_str()))
    }

    /// `(service, instance)` of a source.
    pub(crate) fn process(&self, place: usize) -> (&str, &str) {
        self.sources.get(place).map_or(("", ""), |source| (&source.service, &source.instance))
    }

    /// When the instances of a service were scraped, in order of time; all instances together.
    pub fn scrapes(&self, service: &str) -> Vec<Scrape> {
        let mut scrapes: Vec<Scrape> = self
            .sources
            .iter()
            .filter(|source| source.service == service)
            .flat_map(|s| s.scrapes.iter().copied())
            .collect();
        scrapes.sort_by_key(|scrape| scrape.t_ms);
        scrapes
    }

    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    pub(super) fn add_series(&mut self, series: Series) {
        self.by_name.entry(series.name.clone()).or_default().push(self.series.len());
        self.series.push(series);
    }
}
