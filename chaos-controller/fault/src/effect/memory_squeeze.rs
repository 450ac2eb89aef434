//! `memory_squeeze`: the target may hold so much memory and no more, as a container whose limit
//! was set too low. What it holds already stays; the next page too many kills it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Size;
use crate::check::Problems;
use crate::field::Field;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemorySqueeze {
    /// What it may hold.
    pub to: Size,
}

/// Engines refuse less.
const LEAST: Size = Size::mib(6);
const MOST: Size = Size::mib(64 * 1024);

impl MemorySqueeze {
    pub(crate) const FIELDS: &[Field] = &[Field::required::<Size>("to")];

    pub(crate) fn check(&self, problems: &mut Problems) {
        if !(LEAST..=MOST).contains(&self.to) {
            let message = format!("{} is out of range: allowed are {LEAST} to {MOST}", self.to);
            problems.add("effect.memory_squeeze.to", message);
        }
    }
}
