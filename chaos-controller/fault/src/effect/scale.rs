//! `scale`: the service has so many instances and no more until the fault ends; then it has as
//! many as before. To 0 is a service that is gone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Problems;
use crate::field::Field;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// How many it is left with.
    #[schemars(range(max = 32))]
    pub to: u32,
}

const MOST: u32 = 32;

impl Scale {
    pub(crate) const FIELDS: &[Field] = &[Field::required::<u32>("to")];

    pub(crate) fn check(&self, problems: &mut Problems) {
        if self.to > MOST {
            problems.add("effect.scale.to", format!("{} is too many: allowed are 0 to {MOST}", self.to));
        }
    }
}
