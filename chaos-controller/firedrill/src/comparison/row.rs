//! One row of a comparison: a cell for each run, and how far they are apart.

use serde::Serialize;

/// What a row tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Who played, or how it ended: shown even where it is the same.
    Verdict,
    Criterion,
    Fact,
    Measure,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) cells: Vec<String>,
    /// How far apart, in parts of the threshold, or of the largest value where there is none; 0 where nothing is counted.
    pub(crate) apart: f64,
    /// It is a number and nothing else, so that a small difference is none.
    #[serde(skip)]
    pub(crate) counted: bool,
}

/// Closer than this is the same: two runs of one script are never quite equal.
const NEAR: f64 = 0.02;

impl Row {
    pub(crate) fn new(kind: Kind, name: impl Into<String>, cells: Vec<String>) -> Self {
        Self { kind, name: name.into(), cells, apart: 0.0, counted: false }
    }

    /// Whether the runs are told apart by it.
    pub(crate) fn differs(&self) -> bool {
        self.cells.windows(2).any(|pair| pair[0] != pair[1]) && (!self.counted || self.apart >= NEAR)
    }
}

/// The distance between the least and the most of them, in parts of `of`; 1 where some run has none.
pub(crate) fn apart(values: &[Option<f64>], of: Option<f64>) -> f64 {
    let known = || values.iter().flatten().copied();
    let (Some(least), Some(most)) = (known().reduce(f64::min), known().reduce(f64::max)) else { return 0.0 };
    if known().count() < values.len() {
        return 1.0;
    }
    let of = of.unwrap_or_else(|| least.abs().max(most.abs()));
    if most == least { 0.0 } else { (most - least) / of.abs().max(f64::MIN_POSITIVE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_counted_in_thresholds_and_what_is_missing_is_far_away() {
        assert_eq!(apart(&[Some(1.0), Some(4.15)], Some(1.05)), 3.0);
        assert_eq!(apart(&[Some(10.0), Some(20.0), Some(15.0)], None), 0.5);
        assert_eq!(apart(&[Some(10.0), None], None), 1.0);
        assert_eq!(apart(&[Some(0.0), Some(0.0)], None), 0.0);
        assert_eq!(apart(&[None, None], Some(1.0)), 0.0);
    }
}
