//! A function over a range, for one series: the window slides over the samples, and each step is one value.

use super::functions::Roll;
use super::grid::{ABSENT, Grid};
use super::points::{Points, Span};
use super::rate::{self, Extrapolation, Growth, Resets};
use super::regression;
use super::statistics::{Spread, larger, mean, quantile, smaller};
use super::sum::sum;

/// What it costs to put the samples of a window in order, in looks at each.
const SORTING: u64 = 8;

/// Where the windows are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows<'g> {
    pub(super) grid: &'g Grid,
    pub(super) shift: super::expr::Shift,
    pub(super) range_ms: i64,
}

impl Roll {
    /// Every function over a range but this one answers with a new metric.
    pub(super) fn keeps_name(self) -> bool {
        self == Roll::LastOverTime
    }

    /// How many samples the windows look at together. Some functions have sums to subtract and look at none again.
    pub(super) fn looks(self, points: &Points, windows: Windows<'_>) -> u64 {
        let times = match self {
            Roll::Delta | Roll::Irate | Roll::Idelta | Roll::Changes | Roll::Resets => return 0,
            Roll::LastOverTime | Roll::PresentOverTime | Roll::CountOverTime => return 0,
            // What is infinite has no sums to subtract.
            Roll::Rate | Roll::Increase if points.values.iter().all(|value| value.is_finite()) => return 0,
            Roll::QuantileOverTime => SORTING,
            _ => 1,
        };
        let mut looks = 0_u64;
        points.windows(windows.grid, windows.shift, windows.range_ms, |span| looks += span.len() as u64);
        looks.saturating_mul(times)
    }

    /// The values on the grid. `scalars` has a value for each step, where the function takes one.
    pub(super) fn over(
        self,
        points: &Points,
        windows: Windows<'_>,
        scalars: Option<&[f64]>,
        rule: Extrapolation,
    ) -> Vec<f64> {
        let values = |span: Span| &points.values[span.from..span.to];
        let growth = |counter, per_second| {
            let resets = if counter { Resets::of(points) } else { None };
            let which = Growth { counter, per_second };
            windows.each(points, |_, span| rate::growth(points, resets.as_ref(), span, which, rule))
        };
        let pairs = |differ: fn(f64, f64) -> bool| {
            let counts = rate::count_pairs(points, differ);
            windows.each(points, |_, span| {
                (!span.is_empty()).then(|| f64::from(counts[span.to - 1] - counts[span.from]))
            })
        };
        let whole = |of: &mut dyn FnMut(&[f64]) -> f64| {
            windows.each(points, |_, span| (!span.is_empty()).then(|| of(values(span))))
        };
        let scalar = |step: usize| scalars.map_or(f64::NAN, |scalars| scalars[step]);
        match self {
            Roll::Rate => growth(true, true),
            Roll::Increase => growth(true, false),
            Roll::Delta => growth(false, false),
            Roll::Irate => windows.each(points, |_, span| rate::last_two(points, span, true)),
            Roll::Idelta => windows.each(points, |_, span| rate::last_two(points, span, false)),
            Roll::Deriv => windows.each(points, |_, span| regression::deriv(points, span)),
            Roll::PredictLinear => {
                windows.each(points, |step, span| regression::predict(points, span, scalar(step)))
            }
            Roll::Changes => pairs(|before, now| now != before && !(now.is_nan() && before.is_nan())),
            Roll::Resets => pairs(|before, now| now < before),
            Roll::AvgOverTime => whole(&mut mean),
            Roll::MinOverTime => whole(&mut |values| values.iter().copied().fold(values[0], smaller)),
            Roll::MaxOverTime => whole(&mut |values| values.iter().copied().fold(values[0], larger)),
            Roll::SumOverTime => whole(&mut |values| sum(values.iter().copied())),
            Roll::CountOverTime => whole(&mut |values| values.len() as f64),
            Roll::QuantileOverTime => {
                let mut sorted = Vec::new();
                windows.each(points, |step, span| {
                    sorted.clear();
                    sorted.extend_from_slice(values(span));
                    (!span.is_empty()).then(|| quantile(scalar(step), &mut sorted))
                })
            }
            Roll::StddevOverTime => whole(&mut |values| variance(values).sqrt()),
            Roll::StdvarOverTime => whole(&mut variance),
            Roll::LastOverTime => whole(&mut |values| values[values.len() - 1]),
            Roll::PresentOverTime => whole(&mut |_| 1.0),
        }
    }
}

impl Windows<'_> {
    fn each(self, points: &Points, mut value: impl FnMut(usize, Span) -> Option<f64>) -> Vec<f64> {
        let mut values = Vec::with_capacity(self.grid.count);
        points.windows(self.grid, self.shift, self.range_ms, |span| {
            let step = values.len();
            values.push(value(step, span).unwrap_or(ABSENT));
        });
        values
    }
}

fn variance(values: &[f64]) -> f64 {
    let mut spread = Spread::default();
    values.iter().for_each(|value| spread.add(*value));
    spread.variance()
}
