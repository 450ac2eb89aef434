//! `wrong_amount`: another amount is charged than was asked for. Every status is fine; only the
//! books know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Problems;
use crate::field::Field;

/// Exactly one of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrongAmount {
    /// What was asked for, times this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000))]
    pub factor: Option<f64>,
    /// What was asked for, and so many cents more; less if negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_cents: Option<i64>,
}

const LARGEST_FACTOR: f64 = 1_000.0;
/// A million, of whatever currency.
const MOST_CENTS: u64 = 100_000_000;

impl WrongAmount {
    pub(crate) const FIELDS: &[Field] =
        &[Field::optional::<f64>("factor"), Field::optional::<i64>("by_cents")];

    /// What is charged where `cents` were asked for: rounded to a cent, at least one.
    pub fn of(&self, cents: i64) -> i64 {
        let times = (cents as f64 * self.factor.unwrap_or(1.0)).round() as i64;
        times.saturating_add(self.by_cents.unwrap_or(0)).max(1)
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let path = "effect.wrong_amount";
        match (self.factor, self.by_cents) {
            (Some(factor), None) if !(0.0..=LARGEST_FACTOR).contains(&factor) => {
                problems.add(
                    &format!("{path}.factor"),
                    format!("{factor} is out of range: 0 to {LARGEST_FACTOR}"),
                );
            }
            (Some(1.0), None) | (None, Some(0)) => problems.add(path, "that is the right amount"),
            (None, Some(cents)) if cents.unsigned_abs() > MOST_CENTS => {
                let message = format!("{cents} is out of range: at most {MOST_CENTS} either way");
                problems.add(&format!("{path}.by_cents"), message);
            }
            (Some(_), Some(_)) | (None, None) => {
                problems.add(path, "needs exactly one of factor, by_cents");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_charge_is_a_cent_at_least_and_rounded_to_cents() {
        let factor = |factor| WrongAmount { factor: Some(factor), by_cents: None };
        assert_eq!(factor(1.5).of(1_999), 2_999);
        assert_eq!(factor(0.0).of(1_999), 1);
        let off = |cents| WrongAmount { factor: None, by_cents: Some(cents) };
        assert_eq!((off(-100).of(1_999), off(-5_000).of(1_999)), (1_899, 1));
    }

    #[test]
    fn the_least_of_all_numbers_is_out_of_range_and_no_panic() {
        let least = json!({"effect": {"wrong_amount": {"by_cents": i64::MIN}}});
        let problems = crate::parse(&least).unwrap_err();
        assert!(problems[0].message.contains("out of range"), "{problems:?}");
    }
}
