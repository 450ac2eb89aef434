//! `cpu_burn`: a neighbour that eats processor time. The target is confined to `cores` processors,
//! and a burner takes `share` of each of them.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Problems;
use crate::field::Field;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CpuBurn {
    /// Of the time of each processor, above 0 to 1.
    #[schemars(range(min = 0.01, max = 1))]
    pub share: f64,
    /// Processors that the target is left with, and that are burned. Default: 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[schemars(range(min = 1, max = 64))]
    pub cores: u32,
}

const LEAST_SHARE: f64 = 0.01;
const MOST_CORES: u32 = 64;
/// The scheduler is fair: so many burners against one target leave it a seventeenth.
const MOST_BURNERS: f64 = 16.0;

impl CpuBurn {
    pub(crate) const FIELDS: &[Field] = &[Field::required::<f64>("share"), Field::optional::<u32>("cores")];

    pub(crate) fn check(&self, problems: &mut Problems) {
        if !(LEAST_SHARE..=1.0).contains(&self.share) {
            let message = format!("{} is out of range: allowed are {LEAST_SHARE} to 1", self.share);
            problems.add("effect.cpu_burn.share", message);
        }
        if !(1..=MOST_CORES).contains(&self.cores) {
            let message = format!("{} is out of range: allowed are 1 to {MOST_CORES}", self.cores);
            problems.add("effect.cpu_burn.cores", message);
        }
    }

    /// Burning threads on each processor. A fair scheduler gives `n` of them `n / (n + 1)` of a
    /// processor against a target that wants it all; one that is there to spare does no harm,
    /// since together they burn no more than the share.
    pub fn threads_per_core(&self) -> u32 {
        (self.share / (1.0 - self.share).max(1.0 / MOST_BURNERS)).ceil().clamp(1.0, MOST_BURNERS) as u32 + 1
    }

    /// Processor time asked for in so long.
    pub fn goal(&self, since_applied: Duration) -> Duration {
        since_applied.mul_f64(self.share * f64::from(self.cores))
    }
}

fn one() -> u32 {
    1
}

fn is_one(cores: &u32) -> bool {
    *cores == one()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_threads_burn_to_win_the_share_from_a_busy_target() {
        for share in [0.1, 0.5, 0.8, 0.9] {
            let threads = f64::from(CpuBurn { share, cores: 1 }.threads_per_core());
            assert!(threads / (threads + 1.0) >= share, "{threads} for {share}");
        }
    }
}
