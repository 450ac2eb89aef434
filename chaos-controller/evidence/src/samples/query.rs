//! The questions that grading asks of samples. All times are milliseconds since the start of the run; `None` always
//! means that there is no data to answer from, never zero.
//!
//! Counters follow Prometheus: a value below the one before it is a reset and counts from zero. Unlike `increase()` of
//! Prometheus nothing is extrapolated, and a series that was born after the first scrape of its process counts from
//! zero, because a lab sees its processes from their start.

use super::series::{Samples, Series};

impl Samples {
    /// How much the counters grew from `from_ms` to `to_ms`, summed. The value at a border is that of the last scrape
    /// before it, so a window should be long against the scrape interval.
    pub fn increase(&self, name: &str, matchers: &[(&str, &str)], from_ms: u64, to_ms: u64) -> Option<f64> {
        let grown =
            self.series(name, matchers).into_iter().filter_map(|series| self.growth(series, from_ms, to_ms));
        grown.reduce(|sum, one| sum + one)
    }

    /// [`Self::increase`] per second, over the time between the scrapes that the increase was read from.
    pub fn rate(&self, name: &str, matchers: &[(&str, &str)], from_ms: u64, to_ms: u64) -> Option<f64> {
        let rates = self.series(name, matchers).into_iter().filter_map(|series| {
            let (start, end) =
                (self.scraped_at(series, from_ms).unwrap_or(from_ms), self.scraped_at(series, to_ms)?);
            let grown = self.growth(series, from_ms, to_ms)?;
            (end > start).then(|| grown * 1_000.0 / (end - start) as f64)
        });
        rates.reduce(|sum, one| sum + one)
    }

    /// The sum of the matching series at an instant.
    pub fn value_at(&self, name: &str, matchers: &[(&str, &str)], t_ms: u64) -> Option<f64> {
        let values = self.series(name, matchers).into_iter().filter_map(|series| series.at(t_ms));
        values.reduce(|sum, one| sum + one)
    }

    /// The sum of the matching series as steps: its value at `from_ms` and at each change until `to_ms`.
    /// `None` while all of them are stale or not born.
    pub fn steps(
        &self,
        name: &str,
        matchers: &[(&str, &str)],
        from_ms: u64,
        to_ms: u64,
    ) -> Vec<(u64, Option<f64>)> {
        let series = self.series(name, matchers);
        let mut times: Vec<u64> = series
            .iter()
            .flat_map(|series| series.points.iter().map(|(t, _)| *t))
            .filter(|t| *t > from_ms && *t <= to_ms)
            .chain([from_ms])
            .collect();
        times.sort_unstable();
        times.dedup();
        let sum = |t| series.iter().filter_map(|series| series.at(t)).reduce(|sum, one| sum + one);
        times.into_iter().map(|t| (t, sum(t))).collect()
    }

    /// The highest sum of the matching series in a span of time.
    pub fn max_over(&self, name: &str, matchers: &[(&str, &str)], from_ms: u64, to_ms: u64) -> Option<f64> {
        self.steps(name, matchers, from_ms, to_ms).into_iter().filter_map(|(_, value)| value).reduce(f64::max)
    }

    /// The mean of the sum of the matching series, each value weighted by how long it held; stale time does not count.
    pub fn time_weighted_mean(
        &self,
        name: &str,
        matchers: &[(&str, &str)],
        from_ms: u64,
        to_ms: u64,
    ) -> Option<f64> {
        let steps = self.steps(name, matchers, from_ms, to_ms);
        let ends = steps.iter().skip(1).map(|(t, _)| *t).chain([to_ms]);
        let (mut area, mut time) = (0.0, 0.0);
        for ((start, value), end) in steps.iter().zip(ends) {
            if let Some(value) = value {
                let held = end.saturating_sub(*start) as f64;
                area += value * held;
                time += held;
            }
        }
        (time > 0.0).then(|| area / time)
    }

    /// The quantile `q` of what a histogram observed in a span of time, buckets summed over the matching series and
    /// interpolated linearly (`histogram_quantile` of Prometheus). Above the last finite bucket it is that bucket's
    /// bound. `name` is without `_bucket`.
    pub fn histogram_quantile(
        &self,
        name: &str,
        matchers: &[(&str, &str)],
        q: f64,
        from_ms: u64,
        to_ms: u64,
    ) -> Option<f64> {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for series in self.series(&format!("{name}_bucket"), matchers) {
            let bound: f64 = series.label("le")?.parse().ok()?;
            let Some(grown) = self.growth(series, from_ms, to_ms) else { continue };
            match buckets.iter_mut().find(|(known, _)| *known == bound) {
                Some((_, count)) => *count += grown,
                None => buckets.push((bound, grown)),
            }
        }
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total = buckets.last().map(|(_, count)| *count).filter(|count| *count > 0.0)?;
        let rank = q * total;
        let (mut lower, mut below) = (0.0, 0.0);
        for (bound, count) in buckets {
            if count >= rank && count > below {
                if bound.is_infinite() {
                    return Some(lower);
                }
                return Some(lower + (bound - lower) * (rank - below) / (count - below));
            }
            (lower, below) = (bound, count);
        }
        Some(lower)
    }

    /// The last scrape of a series' process at or before `t_ms`, in which it answered.
    fn scraped_at(&self, series: &Series, t_ms: u64) -> Option<u64> {
        let scrapes = &self.sources[series.source].scrapes;
        let after = scrapes.partition_point(|scrape| scrape.t_ms <= t_ms);
        scrapes[..after].iter().rev().find(|scrape| scrape.alive).map(|scrape| scrape.t_ms)
    }

    /// The growth between consecutive `times`, summed over the matching series: one value fewer than times.
    pub fn increments(&self, name: &str, matchers: &[(&str, &str)], times: &[u64]) -> Vec<f64> {
        let series = self.series(name, matchers);
        let grown = |from, to| series.iter().filter_map(|series| self.growth(series, from, to)).sum();
        times.windows(2).map(|pair| grown(pair[0], pair[1])).collect()
    }

    /// Growth of one counter; `None` if it has no value in the span.
    fn growth(&self, series: &Series, from_ms: u64, to_ms: u64) -> Option<f64> {
        let first_scrape =
            self.sources[series.source].scrapes.iter().find(|scrape| scrape.alive).map(|s| s.t_ms);
        let start = series.points.partition_point(|(t, _)| *t <= from_ms);
        let mut last =
            series.points[..start].iter().rev().map(|(_, value)| *value).find(|value| !value.is_nan());
        let mut grown = 0.0;
        let mut alive = start > 0 && !series.points[start - 1].1.is_nan();
        for &(t_ms, value) in series.points[start..].iter().take_while(|(t, _)| *t <= to_ms) {
            if value.is_nan() {
                continue;
            }
            // A counter whose process was already counting when it was first scraped has an unknown past.
            let base = last.unwrap_or(if Some(t_ms) == first_scrape { value } else { 0.0 });
            grown += if value < base { value } else { value - base };
            alive = true;
            last = Some(value);
        }
        alive.then_some(grown)
    }
}
