//! `rate`, `increase`, `delta`, and by the last two samples `irate` and `idelta`; and what they share with `resets` and
//! `changes`: sums over all samples from which a window's is one difference, so that a window costs nothing per sample.
//!
//! Source: `extrapolatedRate` and `instantValue` in `promql/functions.go` of Prometheus.

use super::points::{Points, Span};

/// What counters lost in resets, up to and with each sample.
#[derive(Debug, Default)]
pub(super) struct Resets(Vec<f64>);

impl Resets {
    /// `None` where a sum would not survive subtraction, because a sample is infinite or no number.
    pub(super) fn of(points: &Points) -> Option<Self> {
        let mut lost = 0.0;
        let mut sums = Vec::with_capacity(points.values.len());
        let mut before = 0.0;
        for (index, &value) in points.values.iter().enumerate() {
            if !value.is_finite() {
                return None;
            }
            if index > 0 && value < before {
                lost += before;
            }
            before = value;
            sums.push(lost);
        }
        Some(Resets(sums))
    }

    fn within(&self, span: Span) -> f64 {
        self.0[span.to - 1] - self.0[span.from]
    }
}

/// Which of the three it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Growth {
    /// A fall is a reset, and the value before the first sample cannot have been negative.
    pub(super) counter: bool,
    pub(super) per_second: bool,
}

/// How far a counter that began inside the range is extrapolated to its own zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extrapolation {
    /// At most half an interval before its first sample, as Prometheus does since 3.0.
    #[default]
    Prometheus3,
    /// Up to its zero if that is less than 1.1 intervals away, as Prometheus 2 did.
    Prometheus2,
}

/// Growth in the window, extrapolated to its borders where the samples nearly reach them. `None` with fewer than two
/// samples. `resets` are those of the points; without them they are summed here.
pub(super) fn growth(
    points: &Points,
    resets: Option<&Resets>,
    span: Span,
    growth: Growth,
    rule: Extrapolation,
) -> Option<f64> {
    if span.len() < 2 {
        return None;
    }
    let (times, values) = (&points.times[span.from..span.to], &points.values[span.from..span.to]);
    let (first, last) = (values[0], values[values.len() - 1]);
    let mut grown = last - first;
    if growth.counter {
        grown += match resets {
            Some(resets) => resets.within(span),
            None => values.windows(2).filter(|pair| pair[1] < pair[0]).map(|pair| pair[0]).sum(),
        };
    }
    // Nothing times any factor; most buckets of most histograms.
    if grown == 0.0 {
        return Some(0.0);
    }
    let (first_ms, last_ms) = (times[0], times[times.len() - 1]);
    let seconds = |ms: i64| ms as f64 / 1_000.0;
    let sampled = seconds(last_ms - first_ms);
    let between = sampled / (times.len() - 1) as f64;
    let near = between * 1.1;
    let to_zero =
        if growth.counter && grown > 0.0 && first >= 0.0 { sampled * (first / grown) } else { f64::INFINITY };
    let mut to_start = seconds(first_ms - span.start_ms);
    match rule {
        Extrapolation::Prometheus3 => {
            to_start = if to_start >= near { between / 2.0 } else { to_start }.min(to_zero);
        }
        Extrapolation::Prometheus2 => {
            to_start = to_start.min(to_zero);
            to_start = if to_start >= near { between / 2.0 } else { to_start };
        }
    }
    let mut to_end = seconds(span.end_ms - last_ms);
    if to_end >= near {
        to_end = between / 2.0;
    }
    let mut factor = (sampled + to_start + to_end) / sampled;
    if growth.per_second {
        factor /= seconds(span.end_ms - span.start_ms);
    }
    Some(grown * factor)
}

/// The difference of the last two samples; per second, and counting resets, if they are a counter's.
pub(super) fn last_two(points: &Points, span: Span, counter: bool) -> Option<f64> {
    if span.len() < 2 {
        return None;
    }
    let (now, before) = (span.to - 1, span.to - 2);
    let apart_ms = points.times[now] - points.times[before];
    if apart_ms == 0 {
        return None;
    }
    let (value, earlier) = (points.values[now], points.values[before]);
    if counter {
        let grown = if value < earlier { value } else { value - earlier };
        Some(grown / (apart_ms as f64 / 1_000.0))
    } else {
        Some(value - earlier)
    }
}

/// How often a sample differs from the one before it, or is below it: `true` is counted.
pub(super) fn count_pairs(points: &Points, differ: impl Fn(f64, f64) -> bool) -> Vec<u32> {
    let mut count = 0;
    let mut counts = Vec::with_capacity(points.values.len());
    for (index, &value) in points.values.iter().enumerate() {
        if index > 0 && differ(points.values[index - 1], value) {
            count += 1;
        }
        counts.push(count);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A counter that is first seen 20 s into a range of 45 s, with `first`, and grows by 10 each 10 s, twice.
    fn increase(first: f64, rule: Extrapolation) -> f64 {
        let points =
            Points { times: vec![20_000, 30_000, 40_000], values: vec![first, first + 10.0, first + 20.0] };
        let span = Span { from: 0, to: 3, start_ms: 0, end_ms: 45_000, at_ms: 45_000 };
        let which = Growth { counter: true, per_second: false };
        growth(&points, Resets::of(&points).as_ref(), span, which, rule).unwrap()
    }

    /// `extrapolatedRate` of Prometheus 3, by hand. Samples cover 20 s and are 10 s apart; the end is 5 s away, nearer than
    /// 11 s, so it is reached. The start is 20 s away, so it counts as 10 s / 2; or as the time to zero, which is
    /// 20 s * first / 20, if that is less. The answer is 20 * (20 + start + 5) / 20.
    #[test]
    fn a_counter_that_began_in_the_range_is_not_extrapolated_below_zero() {
        for (first, start) in [(0.0, 0.0), (2.0, 2.0), (5.0, 5.0), (8.0, 5.0), (50.0, 5.0)] {
            assert_eq!(increase(first, Extrapolation::Prometheus3), 20.0 + start + 5.0, "{first}");
        }
        // Before 3.0 the time to zero came first, and half an interval only if that was too far.
        for (first, start) in [(0.0, 0.0), (2.0, 2.0), (5.0, 5.0), (8.0, 8.0), (50.0, 5.0)] {
            assert_eq!(increase(first, Extrapolation::Prometheus2), 20.0 + start + 5.0, "{first}");
        }
    }
}
