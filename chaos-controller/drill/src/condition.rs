//! Conditions of a plan: queries that hold or do not. What "holds" means is decided in one place, here.

use std::time::Duration;

use evidence::promql::{Query, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::budget::ErrorBudget;
use crate::time::word;

/// Something measured that holds for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub promql: Query,
    #[serde(rename = "for", with = "word")]
    pub length: Duration,
}

/// A condition that must hold in the judged part of the baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steady {
    pub name: String,
    pub promql: Query,
}

/// What stops the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Guardrail {
    /// A condition that has held for its time.
    Condition {
        name: String,
        promql: Query,
        #[serde(rename = "for", with = "word")]
        length: Duration,
    },
    /// A share of an error budget that is spent.
    Budget { name: String, error_budget: ErrorBudget },
}

impl Guardrail {
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Guardrail::Condition { name, .. } | Guardrail::Budget { name, .. } => name,
        }
    }
}

/// A criterion of this drill alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnCriterion {
    pub name: String,
    pub promql: Query,
    pub during: During,
    pub required: bool,
}

/// The part of a run in which a criterion must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum During {
    /// From the full dose to the end of the faults.
    Outage,
    /// The recovered windows; without a recovery, the last windows before the faults ended.
    #[default]
    Recovery,
    /// The hold that follows them.
    Hold,
    /// From the end of the faults to the replay.
    Clear,
    /// While the trigger is fired again.
    Replay,
    /// From the end of the replay until the books are closed.
    Settle,
    /// The last second before the books are closed.
    End,
}

impl During {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            During::Outage => "outage",
            During::Recovery => "recovery",
            During::Hold => "hold",
            During::Clear => "clear",
            During::Replay => "replay",
            During::Settle => "settle",
            During::End => "end",
        }
    }
}

/// Whether an answer says yes: a vector when it has a series (a comparison keeps what it is true of, and an alert of
/// Prometheus fires by the same rule), a scalar when it is a number other than 0.
#[must_use]
pub fn holds(answer: &Value) -> bool {
    match answer {
        Value::Scalar(value) => *value != 0.0 && !value.is_nan(),
        Value::Vector(samples) => !samples.is_empty(),
        Value::Matrix(_) | Value::Text(_) => false,
    }
}

/// How long a condition has held, fed one look at a time. Times are any milliseconds that only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    since_ms: Option<u64>,
}

impl Held {
    /// Takes one look. `true` once it has held for `length` without a gap; a look that does not hold starts anew.
    pub fn look(&mut self, holds: bool, t_ms: u64, length: Duration) -> bool {
        if !holds {
            self.since_ms = None;
            return false;
        }
        let since = *self.since_ms.get_or_insert(t_ms);
        u128::from(t_ms.saturating_sub(since)) >= length.as_millis()
    }

    /// Since when it holds.
    #[must_use]
    pub fn since_ms(&self) -> Option<u64> {
        self.since_ms
    }
}

#[cfg(test)]
mod tests {
    use evidence::promql::{Labels, Sample};

    use super::*;

    #[test]
    fn a_vector_holds_by_being_there_and_a_scalar_by_its_value() {
        let zero = Sample { labels: Labels::new(), value: 0.0 };
        assert!(holds(&Value::Vector(vec![zero])), "`up == 0` is true of a series whose value is 0");
        assert!(!holds(&Value::Vector(Vec::new())));
        assert!(
            holds(&Value::Scalar(1.0)) && !holds(&Value::Scalar(0.0)) && !holds(&Value::Scalar(f64::NAN))
        );
    }

    #[test]
    fn a_condition_must_hold_without_a_gap() {
        let mut held = Held::default();
        let length = Duration::from_secs(2);
        let looks = [(true, 0), (true, 1_000), (false, 2_000), (true, 3_000), (true, 4_000), (true, 5_000)];
        let due: Vec<bool> = looks.map(|(holds, t_ms)| held.look(holds, t_ms, length)).to_vec();
        assert_eq!(due, [false, false, false, false, false, true]);
        assert!(Held::default().look(true, 7, Duration::ZERO), "without a length it counts at once");
    }
}
