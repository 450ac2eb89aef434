//! A plot: one row for each line, small and above each other, so that nothing has to be told apart by colour. What is
//! missing towards the line above (users not answered, workers not free) is hatched.

use crate::report::html::words;
use crate::story::{Line, Plot, Point, Story, Top, Unit};

use super::Scale;
use super::scale::{FOOT, HEAD, WIDTH};
use super::svg::{Svg, polyline};

/// A row's height, that of a row that is alone, and the gap below.
const ROW: f64 = 36.0;
const ALONE: f64 = 112.0;
const GAP: f64 = 10.0;
/// A row is quiet that never left this.
const QUIET_FACTOR: f64 = 1.02;

/// A plot as it is shown: its picture, and the rows that have nothing to show.
pub(in crate::report::html) struct Drawn {
    /// Empty: there is nothing to draw.
    pub(in crate::report::html) svg: String,
    pub(in crate::report::html) quiet: Vec<String>,
}

pub(in crate::report::html) fn draw(story: &Story, plot: &Plot) -> Drawn {
    let (shown, quiet): (Vec<&Line>, Vec<&Line>) = plot.rows.iter().partition(|row| !is_quiet(plot, row));
    let quiet = quiet.into_iter().map(|row| row.name.clone()).collect();
    if shown.is_empty() {
        return Drawn { svg: String::new(), quiet };
    }
    let scale = Scale::of(&story.axis);
    let height = if plot.rows.len() == 1 { ALONE } else { ROW };
    let whole = HEAD + shown.len() as f64 * (height + GAP) + FOOT;
    let told: Vec<String> = shown.iter().map(|row| spoken(plot, row)).collect();
    let mut svg =
        Svg::new(&format!("plot-{}", plot.id), "time", (WIDTH, whole), &plot.title, &told.join("; "));
    svg.group("frame", &scale.data(), "");
    scale.backdrop(&mut svg, story, whole);
    let highest =
        plot.rows.iter().filter_map(|row| extremes(&row.points)).map(|(_, high)| high).fold(0.0, f64::max);
    for (n, row) in shown.iter().enumerate() {
        let top = HEAD + n as f64 * (height + GAP);
        let full = full(plot, row, highest);
        Row { scale, top, height, full }.draw(&mut svg, plot, row);
    }
    scale.marks(&mut svg, story, whole);
    svg.end();
    Drawn { svg: svg.finish(), quiet }
}

/// Rows that would be a flat line at the bottom.
fn is_quiet(plot: &Plot, row: &Line) -> bool {
    let Some((_, high)) = extremes(&row.points) else { return true };
    match plot.unit {
        Unit::Requests => high <= 0.0,
        Unit::Factor => high <= QUIET_FACTOR,
        _ => false,
    }
}

/// The value at a row's upper end.
fn full(plot: &Plot, row: &Line, highest: f64) -> f64 {
    let own = extremes(&row.points).map_or(0.0, |(_, high)| high);
    let against = extremes(&row.against).map_or(own, |(_, high)| high);
    let full = match plot.top {
        Top::One => 1.0,
        Top::Against => against.max(own),
        Top::Row => own,
        Top::Plot => highest,
    };
    if full > 0.0 { full } else { 1.0 }
}

struct Row {
    scale: Scale,
    top: f64,
    height: f64,
    full: f64,
}

impl Row {
    fn draw(&self, svg: &mut Svg, plot: &Plot, row: &Line) {
        let (top, base) = (self.top, self.top + self.height);
        let data = [
            ("name", row.name.clone()),
            ("unit", words::unit(plot.unit).to_owned()),
            ("full", self.full.to_string()),
            ("top", top.to_string()),
            ("base", base.to_string()),
        ];
        svg.group("row", &data, "");
        svg.line("base", (self.scale.left(), base), (self.scale.right(), base));
        let held = if plot.top == Top::One { vec![(f64::MIN, Some(1.0))] } else { row.against.clone() };
        if plot.unit == Unit::Workers || plot.top == Top::One {
            svg.line("ceiling", (self.scale.left(), top), (self.scale.right(), top));
        } else {
            self.lines(svg, "against", &row.against);
        }
        for stretch in self.stretches(&row.points) {
            let missing = matches!(plot.unit, Unit::Share | Unit::PerSecond);
            if missing {
                self.missing(svg, &stretch, &held);
            } else {
                self.area(svg, &stretch, base);
            }
        }
        self.lines(svg, "line", &row.points);
        if plot.unit == Unit::Workers {
            self.exhausted(svg, row);
        }
        svg.text("rowname", (self.scale.left() - 10.0, top + self.height / 2.0 + 4.0), &row.name);
        let (value, of) = ending(plot, row);
        svg.text("rowvalue", (self.scale.right() + 8.0, top + self.height / 2.0 - 1.0), &value);
        svg.text("rowof", (self.scale.right() + 8.0, top + self.height / 2.0 + 12.0), &of);
        svg.end();
    }

    fn y(&self, value: f64) -> f64 {
        self.top + self.height * (1.0 - (value / self.full).clamp(0.0, 1.0))
    }

    /// Points without a hole between them, as places and their seconds.
    fn stretches(&self, points: &[Point]) -> Vec<Vec<(f64, f64, f64)>> {
        let mut found: Vec<Vec<(f64, f64, f64)>> = vec![Vec::new()];
        for (seconds, value) in points {
            match (value, found.last_mut()) {
                (Some(value), Some(last)) => last.push((self.scale.x(*seconds), self.y(*value), *seconds)),
                _ => found.push(Vec::new()),
            }
        }
        found.retain(|stretch| !stretch.is_empty());
        found
    }

    fn lines(&self, svg: &mut Svg, class: &str, points: &[Point]) {
        let parts: Vec<String> =
            self.stretches(points).iter().map(|stretch| polyline(&places(stretch))).collect();
        if !parts.is_empty() {
            svg.path(class, &parts.concat());
        }
    }

    fn area(&self, svg: &mut Svg, stretch: &[(f64, f64, f64)], base: f64) {
        let (first, last) = (stretch[0].0, stretch[stretch.len() - 1].0);
        let mut outline = vec![(first, base)];
        outline.extend(places(stretch));
        outline.push((last, base));
        svg.path("area", &(polyline(&outline) + "Z"));
    }

    /// Between the line and what it is held against.
    fn missing(&self, svg: &mut Svg, stretch: &[(f64, f64, f64)], held: &[Point]) {
        let mut outline = places(stretch);
        let above = stretch.iter().rev().map(|(x, y, seconds)| {
            let at = held.partition_point(|(t, _)| *t <= *seconds);
            let value = at.checked_sub(1).and_then(|at| held[at].1);
            (*x, value.map_or(*y, |value| self.y(value)))
        });
        outline.extend(above);
        let lost = outline
            .iter()
            .take(stretch.len())
            .zip(outline.iter().rev())
            .any(|(line, held)| line.1 - held.1 > 0.2);
        if lost {
            svg.path("missing", &(polyline(&outline) + "Z"));
        }
    }

    /// A thick line along the top, where no worker is left.
    fn exhausted(&self, svg: &mut Svg, row: &Line) {
        let mut from: Option<f64> = None;
        let ends = row.points.iter().map(|(seconds, value)| (*seconds, *value)).chain([(f64::MAX, None)]);
        let mut last = 0.0;
        for (seconds, value) in ends {
            let at = row.against.partition_point(|(t, _)| *t <= seconds);
            let limit = at.checked_sub(1).and_then(|at| row.against[at].1);
            let is_full = value.zip(limit).is_some_and(|(value, limit)| limit > 0.0 && value >= limit);
            match (from, is_full) {
                (None, true) => from = Some(seconds),
                (Some(start), false) => {
                    let end = self.scale.x(last).max(self.scale.x(start) + 2.0);
                    svg.line("full", (self.scale.x(start), self.top), (end, self.top));
                    from = None;
                }
                _ => {}
            }
            last = seconds;
        }
    }
}

fn places(stretch: &[(f64, f64, f64)]) -> Vec<(f64, f64)> {
    stretch.iter().map(|(x, y, _)| (*x, *y)).collect()
}

pub(in crate::report::html) fn extremes(points: &[Point]) -> Option<(f64, f64)> {
    let values = || points.iter().filter_map(|(_, value)| *value);
    Some((values().reduce(f64::min)?, values().reduce(f64::max)?))
}

/// What stands at a row's end: its most telling value, and what that is.
fn ending(plot: &Plot, row: &Line) -> (String, String) {
    let Some((low, high)) = extremes(&row.points) else { return ("no data".to_owned(), String::new()) };
    match plot.unit {
        Unit::Share | Unit::PerSecond => (words::value(plot.unit, low), "lowest".to_owned()),
        Unit::Workers => {
            let of = extremes(&row.against).map_or(String::new(), |(_, limit)| format!("of {limit:.0}"));
            (words::value(plot.unit, high), of)
        }
        _ => (words::value(plot.unit, high), "peak".to_owned()),
    }
}

fn spoken(plot: &Plot, row: &Line) -> String {
    let (value, of) = ending(plot, row);
    format!("{} {value} {of}", row.name).trim_end().to_owned()
}
