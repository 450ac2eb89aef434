//! The report's pictures, as inline SVG that needs no script. All that have time on them share one scale, so that what
//! stands above each other happened at once. Colours are the stylesheet's: shapes only name what they are.

pub(super) mod headline;
pub(super) mod lanes;
pub(super) mod plot;
mod scale;
pub(super) mod strips;
mod svg;
pub(super) mod topology;
pub(super) mod waterfall;

use scale::Scale;
pub(super) use scale::acts;
use svg::short;
