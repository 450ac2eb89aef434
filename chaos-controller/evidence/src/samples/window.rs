//! The live samples of a lab: scrape texts in, [`Samples`] that can be asked at any time, and a bound on age and on bytes.
//! It keeps what a [`super::SampleWriter`] would have written and a reader would have read, without the file between.
//!
//! What is too old goes first; when the bytes are still too many, what is oldest goes; when there is nothing left to
//! drop, series that are not known yet are left out and counted.

use std::collections::{BTreeMap, HashMap};
use std::mem::size_of;

use super::STALE;
use super::series::{Samples, Scrape, Series, Source};
use crate::exposition;

/// How often age is looked at: a sixteenth of the retention, so that a pass over all series is rare.
const PASSES: u64 = 16;
/// Over the bound, this share of the time that is kept goes at once.
const DROP: u64 = 8;

/// A store that is written by one scraper and read between scrapes.
#[derive(Debug)]
pub struct Window {
    samples: Samples,
    sources: HashMap<(String, String), Live>,
    retention_ms: u64,
    max_bytes: usize,
    bytes: usize,
    next_pass_ms: u64,
    left_out: u64,
}

#[derive(Debug)]
struct Live {
    source: usize,
    /// By the raw text of the series.
    known: HashMap<String, Known>,
    scrapes: u64,
}

#[derive(Debug)]
struct Known {
    series: usize,
    /// The last scrape that had it.
    seen: u64,
}

impl Window {
    /// Empty; keeps `retention_ms` of samples in at most about `max_bytes`.
    pub fn new(retention_ms: u64, max_bytes: usize) -> Self {
        Window {
            samples: Samples::default(),
            sources: HashMap::new(),
            retention_ms,
            max_bytes,
            bytes: 0,
            next_pass_ms: 0,
            left_out: 0,
        }
    }

    /// Takes one scrape of one instance. `t_ms` must not go back for an instance.
    pub fn scrape(&mut self, t_ms: u64, service: &str, instance: &str, text: &str) {
        let new = |raw: &str, source| new_series(raw, source, service, instance);
        self.take(t_ms, (service, instance), exposition::lines(text), new);
    }

    /// Takes the answer of a recording rule, whose series are named `name`; one that it had before and has no more ends.
    /// `rule` tells rules that record under one name apart.
    pub fn record(&mut self, t_ms: u64, rule: &str, name: &str, answer: &[(BTreeMap<String, String>, f64)]) {
        let written: Vec<(String, f64)> =
            answer.iter().map(|(labels, value)| (exposition::series_text(name, labels), *value)).collect();
        let new = |raw: &str, source| {
            let labels = exposition::parse_series(raw)?.1.into_iter();
            let labels = labels.map(|(key, value)| (key.to_owned(), value.into_owned())).collect();
            Some(Series { name: name.to_owned(), labels, recorded: true, points: Vec::new(), source })
        };
        self.take(t_ms, (rule, ""), written.iter().map(|(raw, value)| (raw.as_str(), *value)), new);
    }

    fn take<'a>(
        &mut self,
        t_ms: u64,
        (service, instance): (&str, &str),
        said: impl Iterator<Item = (&'a str, f64)>,
        new: impl Fn(&str, usize) -> Option<Series>,
    ) {
        self.make_room(t_ms);
        let live = live(&mut self.sources, &mut self.samples, service, instance);
        live.scrapes += 1;
        self.samples.sources[live.source].scrapes.push(Scrape { t_ms, alive: true });
        self.bytes += size_of::<Scrape>();
        for (raw, value) in said {
            let known = match live.known.get_mut(raw) {
                Some(known) => known,
                None => {
                    let Some(series) = new(raw, live.source) else { continue };
                    let cost = fixed_bytes(&series, raw);
                    if self.bytes + cost > self.max_bytes {
                        self.left_out += 1;
                        continue;
                    }
                    self.bytes += cost;
                    let index = self.samples.series.len();
                    self.samples.add_series(series);
                    live.known.entry(raw.to_owned()).or_insert(Known { series: index, seen: 0 })
                }
            };
            known.seen = live.scrapes;
            let points = &mut self.samples.series[known.series].points;
            if points.last().is_none_or(|(_, held)| changes(*held, value)) {
                self.bytes += push(points, t_ms, value);
            }
        }
        for known in live.known.values().filter(|known| known.seen != live.scrapes) {
            self.bytes += end(&mut self.samples.series[known.series].points, t_ms);
        }
    }

    /// Takes a scrape that failed: every series of the instance is stale from here.
    pub fn dead(&mut self, t_ms: u64, service: &str, instance: &str) {
        self.make_room(t_ms);
        let live = live(&mut self.sources, &mut self.samples, service, instance);
        self.samples.sources[live.source].scrapes.push(Scrape { t_ms, alive: false });
        self.bytes += size_of::<Scrape>();
        for known in live.known.values() {
            self.bytes += end(&mut self.samples.series[known.series].points, t_ms);
        }
    }

    /// What is kept, to be asked.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// About what it occupies.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How often a series was left out because there was no room for it.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The oldest scrape that is kept.
    pub fn since_ms(&self) -> Option<u64> {
        self.samples
            .sources
            .iter()
            .filter_map(|source| source.scrapes.first())
            .map(|scrape| scrape.t_ms)
            .min()
    }

    fn make_room(&mut self, now_ms: u64) {
        if now_ms >= self.next_pass_ms {
            self.next_pass_ms = now_ms + self.retention_ms / PASSES + 1;
            self.drop_before(now_ms.saturating_sub(self.retention_ms));
        }
        while self.bytes > self.max_bytes {
            let Some(since_ms) = self.since_ms().filter(|since_ms| *since_ms < now_ms) else { return };
            self.drop_before(since_ms + (now_ms - since_ms).div_ceil(DROP));
        }
    }

    /// Forgets the scrapes before a time. Of each series the value that held then stays.
    fn drop_before(&mut self, cut_ms: u64) {
        if self.since_ms().is_none_or(|since_ms| since_ms >= cut_ms) {
            return;
        }
        for source in &mut self.samples.sources {
            let gone = source.scrapes.partition_point(|scrape| scrape.t_ms < cut_ms);
            source.scrapes.drain(..gone);
            source.scrapes.shrink_to(source.scrapes.len() + source.scrapes.len() / 4);
        }
        for series in &mut self.samples.series {
            let held = series.points.partition_point(|(t_ms, _)| *t_ms < cut_ms);
            let stale = held.checked_sub(1).is_some_and(|last| is_mark(series.points[last].1));
            series.points.drain(..if stale { held } else { held.saturating_sub(1) });
            series.points.shrink_to(series.points.len() + series.points.len() / 4);
        }
        self.forget_the_dead();
        self.count();
    }

    /// Removes the series that have no value any more.
    fn forget_the_dead(&mut self) {
        if self.samples.series.iter().all(|series| !series.points.is_empty()) {
            return;
        }
        let series = std::mem::take(&mut self.samples.series);
        self.samples.by_name.clear();
        let mut moved: Vec<Option<usize>> = Vec::with_capacity(series.len());
        for one in series {
            moved.push((!one.points.is_empty()).then_some(self.samples.series.len()));
            if !one.points.is_empty() {
                self.samples.add_series(one);
            }
        }
        for live in self.sources.values_mut() {
            live.known.retain(|_, known| match moved[known.series] {
                Some(index) => {
                    known.series = index;
                    true
                }
                None => false,
            });
        }
    }

    fn count(&mut self) {
        let scrapes: usize = self.samples.sources.iter().map(|source| source.scrapes.len()).sum();
        let known = self.sources.values().flat_map(|live| &live.known);
        let fixed: usize =
            known.map(|(raw, known)| fixed_bytes(&self.samples.series[known.series], raw)).sum();
        let points: usize = self.samples.series.iter().map(|series| series.points.capacity()).sum();
        self.bytes = scrapes * size_of::<Scrape>() + fixed + points * size_of::<(u64, f64)>();
    }
}

fn live<'a>(
    sources: &'a mut HashMap<(String, String), Live>,
    samples: &mut Samples,
    service: &str,
    instance: &str,
) -> &'a mut Live {
    sources.entry((service.to_owned(), instance.to_owned())).or_insert_with(|| {
        let (service, instance) = (service.to_owned(), instance.to_owned());
        samples.sources.push(Source { service, instance, scrapes: Vec::new() });
        Live { source: samples.sources.len() - 1, known: HashMap::new(), scrapes: 0 }
    })
}

fn new_series(raw: &str, source: usize, service: &str, instance: &str) -> Option<Series> {
    let (name, scraped) = exposition::parse_series(raw)?;
    let own = [("service", service), ("instance", instance)];
    let mut labels: Vec<(String, String)> =
        own.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    labels.extend(scraped.into_iter().map(|(key, value)| (key.to_owned(), value.into_owned())));
    Some(Series { name: name.to_owned(), labels, recorded: false, points: Vec::new(), source })
}

/// What a series occupies besides its points: its words, twice for the raw text, and its places in three tables.
fn fixed_bytes(series: &Series, raw: &str) -> usize {
    let labels: usize =
        series.labels.iter().map(|(name, value)| name.len() + value.len() + 2 * size_of::<String>()).sum();
    let tables = size_of::<Series>() + size_of::<(String, Known)>() + 3 * size_of::<usize>();
    labels + series.name.len() + raw.len() + tables
}

fn changes(held: f64, new: f64) -> bool {
    is_mark(held) || !(held == new || (held.is_nan() && new.is_nan()))
}

fn is_mark(value: f64) -> bool {
    value.to_bits() == STALE.to_bits()
}

/// Puts a staleness mark, once; says by how many bytes it grew.
fn end(points: &mut Vec<(u64, f64)>, t_ms: u64) -> usize {
    if points.last().is_some_and(|(_, value)| !is_mark(*value)) { push(points, t_ms, STALE) } else { 0 }
}

/// Grows by a quarter, not by doubling: the slack counts against the bound.
fn push(points: &mut Vec<(u64, f64)>, t_ms: u64, value: f64) -> usize {
    let before = points.capacity();
    if points.len() == before {
        points.reserve_exact(4.max(before / 4));
    }
    points.push((t_ms, value));
    (points.capacity() - before) * size_of::<(u64, f64)>()
}

#[cfg(test)]
mod tests;
