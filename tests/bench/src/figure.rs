//! One figure: what was measured, in every round, and what the design expected of it.

use serde_json::{Value, json};

/// A measured quantity.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    /// One value a round.
    pub(crate) rounds: Vec<f64>,
    /// What the design's prototype measured or aimed at, as text: not always one number.
    pub(crate) design: &'static str,
    /// How it came about, where that is not plain.
    pub(crate) note: String,
}

impl Figure {
    pub(crate) fn new(what: impl Into<String>, unit: &'static str, rounds: Vec<f64>) -> Self {
        Self { what: what.into(), unit, rounds, design: "", note: String::new() }
    }

    #[must_use]
    pub(crate) fn design(mut self, design: &'static str) -> Self {
        self.design = design;
        self
    }

    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    pub(crate) fn median(&self) -> f64 {
        quantile(&self.rounds, 0.5)
    }

    /// Least and most.
    pub(crate) fn range(&self) -> (f64, f64) {
        (quantile(&self.rounds, 0.0), quantile(&self.rounds, 1.0))
    }

    pub(crate) fn json(&self) -> Value {
        let (min, max) = self.range();
        json!({
            "what": self.what, "unit": self.unit, "median": rounded(self.median()), "min": rounded(min),
            "max": rounded(max), "rounds": self.rounds.iter().map(|value| rounded(*value)).collect::<Vec<_>>(),
            "design": self.design, "note": self.note,
        })
    }
}

/// The value below which a share of all lies, by nearest rank (the smallest at 0, the largest at 1); 0 of nothing.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Three digits behind the point are more than any of this is good for.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_was_measured() {
        let values = [5.0, 1.0, 3.0, 2.0];
        assert_eq!([0.0, 0.5, 0.99, 1.0].map(|share| quantile(&values, share)), [1.0, 2.0, 5.0, 5.0]);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }
}
