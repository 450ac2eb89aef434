//! `histogram_quantile` of classic histograms: buckets by `le`, interpolated linearly inside the bucket.
//!
//! Source: `bucketQuantile` in `promql/quantile.go` of Prometheus.

use std::collections::HashMap;

use super::grid::{ABSENT, is_absent};
use super::labels::{NAME, Tags};
use super::select::Track;

/// The label with the upper bound of a bucket.
const LE: &str = "le";
/// Buckets that differ by less than this share are the same: rates of equal counters differ in their last digits.
const SAME: f64 = 1e-12;

/// The quantile `qs[step]` of each histogram; what has no readable `le` is left out.
pub(super) fn quantiles<'a>(tracks: &[Track<'a>], qs: &[f64]) -> Vec<Track<'a>> {
    let mut histograms: HashMap<Tags<'a>, Vec<(f64, &Track<'a>)>> = HashMap::new();
    let not_labels = [LE.to_owned(), NAME.to_owned()];
    for track in tracks {
        let Some(bound) = bound(track.tags.get(LE)) else { continue };
        histograms.entry(track.tags.clone().without(&not_labels)).or_default().push((bound, track));
    }
    let mut buckets = Vec::new();
    let answers = histograms.into_iter().map(|(tags, mut histogram)| {
        histogram.sort_by(|a, b| a.0.total_cmp(&b.0));
        let values = qs.iter().enumerate().map(|(step, q)| {
            buckets.clear();
            let present = histogram.iter().map(|(bound, track)| (*bound, track.values[step]));
            buckets.extend(present.filter(|(_, count)| !is_absent(*count)));
            if buckets.is_empty() { ABSENT } else { quantile(*q, &mut buckets) }
        });
        Track { tags, values: values.collect() }
    });
    answers.collect()
}

fn bound(le: &str) -> Option<f64> {
    le.parse().ok()
}

/// Of buckets `(upper bound, cumulative count)` in order of their bounds.
fn quantile(q: f64, buckets: &mut Vec<(f64, f64)>) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    if buckets.last().is_none_or(|(bound, _)| *bound != f64::INFINITY) {
        return f64::NAN;
    }
    join_equal_bounds(buckets);
    make_monotonic(buckets);
    let &[.., (below_last, _), (_, observations)] = buckets.as_slice() else { return f64::NAN };
    if observations == 0.0 {
        return f64::NAN;
    }
    let rank = q * observations;
    let finite = buckets.len() - 1;
    let Some(found) = buckets[..finite].iter().position(|(_, count)| *count >= rank) else {
        return below_last;
    };
    let (end, count) = buckets[found];
    if found == 0 {
        return if end <= 0.0 { end } else { end * (rank / count) };
    }
    let (start, below) = buckets[found - 1];
    start + (end - start) * ((rank - below) / (count - below))
}

fn join_equal_bounds(buckets: &mut Vec<(f64, f64)>) {
    buckets.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            earlier.1 += later.1;
        }
        same
    });
}

/// Counts of cumulative buckets cannot fall; those that do were scraped or rounded apart.
fn make_monotonic(buckets: &mut [(f64, f64)]) {
    let mut before = f64::NAN;
    for (_, count) in buckets {
        if !before.is_nan() && (*count < before || nearly(*count, before)) {
            *count = before;
        }
        before = *count;
    }
}

fn nearly(a: f64, b: f64) -> bool {
    let largest = a.abs() + b.abs();
    a == b || (largest > 0.0 && (a - b).abs() / largest < SAME)
}
