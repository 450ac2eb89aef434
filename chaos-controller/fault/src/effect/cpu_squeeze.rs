//! `cpu_squeeze`: the target may use so much processor time and no more, as a container whose
//! limit was set too low. Unlike `cpu_burn`, no neighbour is needed, and none is hurt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Problems;
use crate::field::Field;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CpuSqueeze {
    /// Processors that it may use, such as 0.1.
    #[schemars(range(min = 0.01, max = 64))]
    pub cores: f64,
}

/// The kernel shares a processor out in periods of 100 ms, and gives no less than 1 ms of one.
const LEAST: f64 = 0.01;
const MOST: f64 = 64.0;

impl CpuSqueeze {
    pub(crate) const FIELDS: &[Field] = &[Field::required::<f64>("cores")];

    pub(crate) fn check(&self, problems: &mut Problems) {
        if !(LEAST..=MOST).contains(&self.cores) {
            let message = format!("{} is out of range: allowed are {LEAST} to {MOST}", self.cores);
            problems.add("effect.cpu_squeeze.cores", message);
        }
    }
}
