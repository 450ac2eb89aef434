//! Time from left to right, the same on every picture: where a second is, the marks below, and what lies behind.

use crate::report::html::words;
use crate::story::{Axis, Story};

use super::svg::{Svg, short};

/// The width of every picture, and the part of it that is time.
pub(in crate::report::html) const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 132.0;
const RIGHT: f64 = 906.0;
/// Above the first row: the names of what is marked.
pub(super) const HEAD: f64 = 20.0;
/// Below the last row: the seconds.
pub(super) const FOOT: f64 = 22.0;

/// Seconds after the fault's start, as places.
#[derive(Debug, Clone, Copy)]
pub(in crate::report::html) struct Scale {
    from: f64,
    to: f64,
}

impl Scale {
    pub(in crate::report::html) fn of(axis: &Axis) -> Scale {
        Scale { from: axis.from, to: axis.to.max(axis.from + 1.0) }
    }

    /// The place of a second, never outside.
    pub(super) fn x(self, seconds: f64) -> f64 {
        let share = ((seconds - self.from) / (self.to - self.from)).clamp(0.0, 1.0);
        LEFT + share * (RIGHT - LEFT)
    }

    /// Whether a second is on the axis at all.
    pub(super) fn shows(self, seconds: f64) -> bool {
        (self.from..=self.to).contains(&seconds)
    }

    pub(super) fn left(self) -> f64 {
        LEFT
    }

    pub(super) fn right(self) -> f64 {
        RIGHT
    }

    /// What the page's script needs to find a second again.
    pub(super) fn data(self) -> Vec<(&'static str, String)> {
        vec![
            ("from", self.from.to_string()),
            ("to", self.to.to_string()),
            ("left", LEFT.to_string()),
            ("right", RIGHT.to_string()),
        ]
    }

    fn ticks(self) -> Vec<f64> {
        const STEPS: [f64; 12] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0];
        let wanted = (self.to - self.from) / 10.0;
        let step = STEPS.into_iter().find(|step| *step >= wanted).unwrap_or(3_600.0);
        let first = (self.from / step).ceil();
        let count = ((self.to / step).floor() - first) as i64;
        (0..=count.max(0)).map(|n| (first + n as f64) * step).collect()
    }

    /// The times in which a trigger was on, and the seconds below. First of all, for everything else is above it.
    pub(super) fn backdrop(self, svg: &mut Svg, story: &Story, height: f64) {
        let bottom = height - FOOT;
        for band in &story.axis.bands {
            let (from, to) = (self.x(band.from), self.x(band.to.unwrap_or(self.to)));
            let class = if band.why == "replay" { "band again" } else { "band" };
            svg.rect(class, (from, HEAD), (to - from, bottom - HEAD), 0.0);
            svg.line("edge", (from, HEAD), (from, bottom));
        }
        for tick in self.ticks() {
            let x = self.x(tick);
            svg.line("grid", (x, HEAD), (x, bottom));
            svg.text("tick", (x, height - 6.0), &words::offset(tick));
        }
    }

    /// The names of the triggers, and where somebody changed something.
    pub(super) fn marks(self, svg: &mut Svg, story: &Story, height: f64) {
        let mut last = "";
        for (n, band) in story.axis.bands.iter().enumerate() {
            let next = story.axis.bands.get(n + 1).map_or(RIGHT, |next| self.x(next.from));
            let room = ((next - self.x(band.from)) / 7.0) as usize;
            let name = if band.why == "replay" { "again" } else { band.name.as_str() };
            // What comes back again and again is named once.
            if room >= 4 && name != last {
                svg.text("bandname", (self.x(band.from) + 3.0, HEAD - 7.0), &short(name, room));
                last = name;
            }
        }
        let mut free = 0.0;
        for (seconds, name) in acts(story).into_iter().filter(|(seconds, _)| self.shows(*seconds)) {
            let x = self.x(seconds);
            svg.line("act", (x, HEAD - 4.0), (x, height - FOOT));
            if x > free {
                svg.path("actflag", &format!("M{x:.1},{:.1} l8,-5 l-8,-5 Z", HEAD - 2.0));
                svg.text("actname", (x + 10.0, HEAD - 7.0), &name);
                free = x + 14.0 + 7.0 * name.chars().count() as f64;
            }
        }
    }
}

/// When somebody changed something, and what, in two words. The controller's own changes are none.
pub(in crate::report::html) fn acts(story: &Story) -> Vec<(f64, String)> {
    let lanes = story.lanes.iter().filter(|lane| matches!(lane.name.as_str(), "policy" | "actions"));
    let marks = lanes.flat_map(|lane| &lane.marks).filter(|mark| mark.actor != "controller");
    let mut acts: Vec<(f64, String)> =
        marks.filter(|mark| mark.name != "refused").map(|mark| (mark.from, named(&mark.name))).collect();
    acts.sort_by(|a, b| a.0.total_cmp(&b.0));
    acts
}

fn named(name: &str) -> String {
    if name == "declare recovered" { "declared" } else { name }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_its_place_and_nothing_is_outside() {
        let scale = Scale { from: -10.0, to: 90.0 };
        assert_eq!((scale.x(-10.0), scale.x(90.0)), (LEFT, RIGHT));
        assert_eq!((scale.x(-99.0), scale.x(999.0)), (LEFT, RIGHT));
        assert_eq!(scale.x(40.0), (LEFT + RIGHT) / 2.0);
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(Scale { from: -8.2, to: 69.5 }.ticks(), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
        let long = Scale { from: -30.0, to: 3_700.0 }.ticks();
        assert!(long.len() <= 11 && long.contains(&600.0), "{long:?}");
    }

    #[test]
    fn a_run_of_no_length_still_has_an_axis() {
        let scale = Scale::of(&Axis::default());
        assert!(scale.x(0.5).is_finite() && !scale.ticks().is_empty());
    }
}
