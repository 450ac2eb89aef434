//! `slow_body`: the head of the answer comes at its time, the body drop by drop. A caller who
//! times the head alone takes this callee for healthy.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Problems;
use crate::field::Field;
use crate::{LONGEST_LATENCY, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlowBody {
    /// From the head to the last byte.
    pub over: Span,
}

impl SlowBody {
    pub(crate) const FIELDS: &[Field] = &[Field::required::<Span>("over")];

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.between("effect.slow_body.over", self.over, Duration::from_millis(1), LONGEST_LATENCY);
    }

    /// When byte `index` of `length` is due, counted from the head: evenly spread, the last at the
    /// end.
    pub fn due(&self, index: usize, length: usize) -> Duration {
        self.over.0.mul_f64((index + 1) as f64 / length.max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_spread_evenly_and_the_last_one_ends_it() {
        let slow = SlowBody { over: Span::from_secs(5) };
        let due: Vec<u64> = (0..5).map(|index| slow.due(index, 5).as_secs()).collect();
        assert_eq!(due, [1, 2, 3, 4, 5]);
        assert_eq!(slow.due(0, 0), Duration::from_secs(5));
    }
}
