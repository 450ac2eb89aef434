//! Requested against delivered, as one pair of numbers with a unit: what every fault's dose comes
//! down to, whoever measured it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A dose as it was measured where the fault acts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// What was measured, such as `share of calls`.
    pub of: Cow<'static, str>,
    /// Of both numbers; empty for a plain ratio.
    pub unit: Cow<'static, str>,
    pub requested: f64,
    pub delivered: f64,
    /// Delivered less requested.
    pub error: f64,
    /// Whether the error is one that honest delivery can have.
    pub within: bool,
}

impl Measure {
    /// `tolerance` in the unit of the numbers.
    pub fn new(of: &'static str, unit: &'static str, requested: f64, delivered: f64, tolerance: f64) -> Self {
        let error = delivered - requested;
        Self {
            of: of.into(),
            unit: unit.into(),
            requested,
            delivered,
            error,
            within: error.abs() <= tolerance,
        }
    }

    /// A share of calls that were to be hit; `None` before there was one. Within four standard
    /// errors of a binomial, and one call.
    pub fn share(requested: f64, hits: u64, seen: u64) -> Option<Self> {
        let n = seen as f64;
        let tolerance = 4.0 * (requested * (1.0 - requested) / n).sqrt() + 1.0 / n;
        (seen > 0).then(|| Self::new("share of calls", "", requested, hits as f64 / n, tolerance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_judged_by_how_many_calls_there_were() {
        assert_eq!(Measure::share(0.1, 0, 0), None);
        assert!(Measure::share(0.1, 13, 100).unwrap().within);
        assert!(!Measure::share(0.1, 150, 1_000).unwrap().within);
        let all = Measure::share(1.0, 20, 20).unwrap();
        assert!(all.within && all.error == 0.0);
    }
}
