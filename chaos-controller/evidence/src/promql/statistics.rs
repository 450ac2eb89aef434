//! Mean, spread and quantile of values, as `promql/functions.go`, `engine.go` and `quantile.go` of Prometheus work them
//! out. Both the functions over time and the aggregations are made of these.

use super::sum::{Sum, sum};

/// Welford's running mean and squared distance from it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spread {
    count: f64,
    mean: Sum,
    squares: Sum,
}

impl Spread {
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean.total();
        self.mean.add(distance / self.count);
        self.squares.add(distance * (value - self.mean.total()));
    }

    pub(super) fn variance(self) -> f64 {
        self.squares.total() / self.count
    }
}

/// A mean that may be taken of values whose sum is too large for a number.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    count: f64,
    sum: Sum,
    /// In use since the sum left the numbers.
    running: Option<f64>,
}

impl Mean {
    pub(super) fn add(&mut self, value: f64) {
        let before = self.sum.total();
        self.count += 1.0;
        self.sum.add(value);
        match &mut self.running {
            None if self.sum.total().is_infinite() && before.is_finite() && self.count > 1.0 => {
                let mean = before / (self.count - 1.0);
                self.running = Some(mean + (value / self.count - mean / self.count));
            }
            None => {}
            // An infinite mean stays unless the opposite infinity, or no number, comes.
            Some(mean) if mean.is_infinite() && (value.is_finite() || *mean == value) => {}
            Some(mean) => *mean += value / self.count - *mean / self.count,
        }
    }

    pub(super) fn mean(self) -> f64 {
        self.running.unwrap_or(self.sum.total() / self.count)
    }
}

pub(super) fn mean(values: &[f64]) -> f64 {
    let total = sum(values.iter().copied());
    if total.is_finite() {
        return total / values.len() as f64;
    }
    let mut mean = Mean::default();
    values.iter().for_each(|value| mean.add(*value));
    mean.mean()
}

/// The larger; a number before no number.
pub(super) fn larger(held: f64, value: f64) -> f64 {
    if value > held || held.is_nan() { value } else { held }
}

/// The smaller; a number before no number.
pub(super) fn smaller(held: f64, value: f64) -> f64 {
    if value < held || held.is_nan() { value } else { held }
}

/// The quantile between the two nearest ranks; sorts the values, what is no number first.
pub(super) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.total_cmp(b)));
    let rank = q * (values.len() - 1) as f64;
    let lower = rank.floor().max(0.0);
    let upper = (values.len() - 1).min(lower as usize + 1);
    let weight = rank - rank.floor();
    values[lower as usize] * (1.0 - weight) + values[upper] * weight
}
