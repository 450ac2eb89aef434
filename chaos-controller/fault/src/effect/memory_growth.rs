//! `memory_growth`: a leak. Memory beside the target grows in a straight line to its size, and
//! starts from nothing when the target is started again, as a leak does.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Problems;
use crate::field::Field;
use crate::{Size, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemoryGrowth {
    /// How much more at the end.
    pub to: Size,
    /// From nothing to all of it.
    pub over: Span,
}

const LEAST: Size = Size::mib(1);
const MOST: Size = Size::mib(64 * 1024);
const LONGEST: Duration = Duration::from_secs(3600);

impl MemoryGrowth {
    pub(crate) const FIELDS: &[Field] = &[Field::required::<Size>("to"), Field::required::<Span>("over")];

    pub(crate) fn check(&self, problems: &mut Problems) {
        if !(LEAST..=MOST).contains(&self.to) {
            let message = format!("{} is out of range: allowed are {LEAST} to {MOST}", self.to);
            problems.add("effect.memory_growth.to", message);
        }
        problems.between("effect.memory_growth.over", self.over, Duration::from_millis(1), LONGEST);
    }

    /// What is held so long after the growth began.
    pub fn goal(&self, since_begun: Duration) -> Size {
        let done = since_begun.as_secs_f64() / self.over.0.as_secs_f64().max(1e-9);
        Size((self.to.0 as f64 * done.min(1.0)) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_grows_in_a_straight_line_and_stays() {
        let growth = MemoryGrowth { to: Size::mib(200), over: Span::from_secs(30) };
        let at = |second| growth.goal(Duration::from_secs(second));
        assert_eq!(
            [at(0), at(15), at(30), at(99)],
            [Size(0), Size::mib(100), Size::mib(200), Size::mib(200)]
        );
    }
}
