//! What a report draws and a scorecard does not hold: the run as lines over time, who did what beside them, the picture
//! at its worst moment, the traces that show it, and what was changed. Taken from the recording once, so that a report
//! can be written without it. Nothing is judged here, and what was not recorded is absent, never zero.

mod about;
mod axis;
mod exemplars;
mod lanes;
mod picture;
mod plots;
mod revisions;
mod strips;
mod thin;
mod users;

use serde::{Deserialize, Serialize};

pub use about::{About, Offered, Setting};
pub use axis::{Axis, Band};
pub use exemplars::Exemplar;
pub use lanes::{Lane, Mark};
pub use picture::{Edge, Node, Picture};
pub use plots::{Line, Plot, Point, Top, Unit};
pub use revisions::{Change, Revision};
pub use strips::{Stay, Strip};

use crate::case::Case;
use crate::truth::Truth;

/// All seconds count from the fault's start, as everywhere in a scorecard.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Story {
    pub about: About,
    /// What every plot shares: its two ends, and the triggers behind it.
    pub axis: Axis,
    /// Who did what, a lane each.
    pub lanes: Vec<Lane>,
    pub plots: Vec<Plot>,
    /// Each breaker's states.
    pub breakers: Vec<Strip>,
    /// `None`: no request was recorded.
    pub worst: Option<Picture>,
    pub exemplars: Vec<Exemplar>,
    /// How many traces were looked at for them.
    pub traces: u64,
    pub revisions: Vec<Revision>,
}

impl Story {
    pub(crate) fn of(case: &Case<'_>, truth: &Truth) -> Story {
        let mut plots = users::plots(case);
        plots.extend(plots::all(case));
        Story {
            about: About::of(case),
            axis: Axis::of(case),
            lanes: lanes::all(case),
            plots,
            breakers: strips::breakers(case),
            worst: picture::worst(case),
            exemplars: exemplars::choose(case, truth),
            traces: case.recording.traces.len() as u64,
            revisions: revisions::all(case),
        }
    }
}
