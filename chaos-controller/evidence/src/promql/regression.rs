//! `deriv` and `predict_linear`: least squares through the samples of a window.
//!
//! Source: `linearRegression` in `promql/functions.go` of Prometheus.

use super::points::{Points, Span};
use super::sum::Sum;

/// A straight line: its slope per second, and its value at the time that was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) slope: f64,
    pub(super) intercept: f64,
}

/// The line through a window; `None` with fewer than two samples.
pub(super) fn line(points: &Points, span: Span, intercept_ms: i64) -> Option<Line> {
    if span.len() < 2 {
        return None;
    }
    let (times, values) = (&points.times[span.from..span.to], &points.values[span.from..span.to]);
    if values.iter().all(|value| *value == values[0]) {
        // No rounding may make a slope out of a constant.
        let flat = if values[0].is_infinite() { f64::NAN } else { 0.0 };
        return Some(Line { slope: flat, intercept: values[0] + flat });
    }
    let [mut x_sum, mut y_sum, mut xy_sum, mut xx_sum] = [Sum::default(); 4];
    for (t_ms, y) in times.iter().zip(values) {
        let x = (t_ms - intercept_ms) as f64 / 1_000.0;
        x_sum.add(x);
        y_sum.add(*y);
        xy_sum.add(x * y);
        xx_sum.add(x * x);
    }
    let count = values.len() as f64;
    let (x, y) = (x_sum.total(), y_sum.total());
    let slope = (xy_sum.total() - x * y / count) / (xx_sum.total() - x * x / count);
    Some(Line { slope, intercept: y / count - slope * x / count })
}

/// Per second.
pub(super) fn deriv(points: &Points, span: Span) -> Option<f64> {
    let origin_ms = if span.is_empty() { 0 } else { points.times[span.from] };
    line(points, span, origin_ms).map(|line| line.slope)
}

/// The value `ahead` seconds after the time of the question.
pub(super) fn predict(points: &Points, span: Span, ahead: f64) -> Option<f64> {
    line(points, span, span.at_ms).map(|line| line.slope * ahead + line.intercept)
}
