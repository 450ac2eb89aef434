//! `kill`: SIGKILL, once or again and again. Nothing is drained; the guard starts the process
//! again, as it does after any crash.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Span;
use crate::check::Problems;
use crate::field::Field;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    /// Again each time this is over, by the clock. Default: once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
}

/// A process needs a moment to start; killed faster than this it is never there to be killed.
pub(super) const SHORTEST_EVERY: Duration = Duration::from_millis(500);
pub(super) const LONGEST_EVERY: Duration = Duration::from_secs(3600);

impl Kill {
    pub(crate) const FIELDS: &[Field] = &[Field::optional::<Span>("every")];

    pub(crate) fn check(&self, problems: &mut Problems) {
        if let Some(every) = self.every {
            problems.between("effect.kill.every", every, SHORTEST_EVERY, LONGEST_EVERY);
        }
    }

    /// How many kills are due so long after the fault was applied. The first is due at once.
    pub fn due(&self, since_applied: Duration) -> u64 {
        self.every.map_or(1, |every| 1 + (since_applied.as_nanos() / every.0.as_nanos().max(1)) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_kill_is_due_at_once_and_the_next_by_the_clock() {
        let every = Kill { every: Some(Span::from_secs(5)) };
        let due = |second| every.due(Duration::from_secs(second));
        assert_eq!([due(0), due(4), due(5), due(14), due(15)], [1, 1, 2, 3, 4]);
        assert_eq!(Kill::default().due(Duration::from_secs(99)), 1);
    }
}
