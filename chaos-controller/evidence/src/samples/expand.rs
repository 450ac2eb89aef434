//! Changes back into what a scraper saw: a sample for each scrape that was answered, a mark where a series ended, and
//! the `up` of each process.

use super::STALE;
use super::series::{Samples, Scrape, Series};

impl Samples {
    /// Every sample of a series after `from_ms` and until `to_ms`, in order of time, and [`STALE`] at the scrape that
    /// missed it. Each in constant time.
    pub(crate) fn expand(&self, series: &Series, from_ms: i64, to_ms: i64, mut take: impl FnMut(i64, f64)) {
        let scrapes = &self.sources[series.source].scrapes;
        let first = series.points.first().map_or(i64::MAX, |(t_ms, _)| *t_ms as i64);
        let scrapes = between(scrapes, from_ms.max(first.saturating_sub(1)), to_ms);
        let Some(start) = scrapes.first() else { return };
        let mut next = series.points.partition_point(|(t_ms, _)| *t_ms <= start.t_ms);
        for scrape in scrapes {
            while series.points.get(next).is_some_and(|(t_ms, _)| *t_ms <= scrape.t_ms) {
                next += 1;
            }
            let Some(&(since_ms, value)) = next.checked_sub(1).and_then(|held| series.points.get(held))
            else {
                continue;
            };
            let ended = value.to_bits() == STALE.to_bits();
            if if ended { since_ms == scrape.t_ms } else { scrape.alive } {
                take(scrape.t_ms as i64, value);
            }
        }
    }

    /// Whether a process answered its scrapes after `from_ms` and until `to_ms`, as 1 or 0.
    pub(crate) fn up(&self, source: usize, from_ms: i64, to_ms: i64, mut take: impl FnMut(i64, f64)) {
        for scrape in between(&self.sources[source].scrapes, from_ms, to_ms) {
            take(scrape.t_ms as i64, f64::from(u8::from(scrape.alive)));
        }
    }
}

fn between(scrapes: &[Scrape], from_ms: i64, to_ms: i64) -> &[Scrape] {
    let start = scrapes.partition_point(|scrape| scrape.t_ms as i64 <= from_ms);
    let end = scrapes.partition_point(|scrape| scrape.t_ms as i64 <= to_ms);
    scrapes.get(start..end).unwrap_or_default()
}
