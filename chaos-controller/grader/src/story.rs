//! What a report draws and a scorecard does not hold: the run as lines over time, the picture at its worst moment, and
//! the traces that show it. Taken from the recording once, so that a report can be written without it.

use serde::{Deserialize, Serialize};

use crate::case::Case;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Story {}

impl Story {
    pub(crate) fn of(_case: &Case<'_>) -> Story {
        Story::default()
    }
}
