//! What a hint had told. In an assessed run a point that a hint told before is credited at half: it was not found, and
//! it was understood. In the other modes hints cost nothing.
//!
//! | level | tells |
//! |---|---|
//! | nudge | nothing: it asks a question |
//! | direction | the mechanism: where to count |
//! | partial | the cause and the mechanism |
//! | full | everything |

use super::Point;
use super::points::{COMPONENT, KIND, MECHANISM, PROPAGATION};
use crate::finding::round;

/// What a told point is credited with.
const TOLD: f64 = 0.5;

/// Credits what was told, and gives the names of those points. `levels` are the hints that were read before.
pub(super) fn credit(points: &mut [Point], levels: &[String]) -> Vec<String> {
    let told: Vec<&str> = levels.iter().flat_map(|level| tells(level)).copied().collect();
    let mut credited = Vec::new();
    for point in points.iter_mut().filter(|point| told.contains(&point.name.as_str()) && point.got > 0.0) {
        point.got = round(point.got * TOLD);
        point.why = format!("{}; a hint had told it, so it counts half", point.why);
        credited.push(point.name.clone());
    }
    credited
}

fn tells(level: &str) -> &'static [&'static str] {
    match level {
        "direction" => &[MECHANISM],
        "partial" => &[COMPONENT, KIND, MECHANISM],
        "full" => &[COMPONENT, KIND, MECHANISM, PROPAGATION],
        _ => &[],
    }
}
