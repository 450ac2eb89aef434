//! What happened, in lanes on the same scale as the plots: what lasts is a bar, what does not is a shape of its lane.

use crate::report::html::words;
use crate::story::{Lane, Mark, Story};

use super::scale::{FOOT, HEAD, WIDTH};
use super::svg::Svg;
use super::{Scale, short};

const ROW: f64 = 20.0;
/// Between two lanes.
const GAP: f64 = 8.0;
/// About so wide is a character of a label.
const LETTER: f64 = 6.2;

/// Rows of one lane: one for each alert, in which those that overlap are one bar; else all in one.
fn rows(lane: &Lane) -> Vec<Vec<Mark>> {
    if lane.name != "alerts" {
        return vec![lane.marks.clone()];
    }
    let mut rows: Vec<Vec<Mark>> = Vec::new();
    for mark in &lane.marks {
        match rows.iter_mut().find(|row| row[0].name == mark.name) {
            Some(row) => join(row, mark),
            None => rows.push(vec![mark.clone()]),
        }
    }
    rows
}

/// Adds an alert to those of its name.
fn join(row: &mut Vec<Mark>, mark: &Mark) {
    match row.last_mut().filter(|last| last.to.is_some_and(|to| mark.from <= to)) {
        Some(last) => {
            last.to = last.to.zip(mark.to).map(|(one, other)| one.max(other));
            last.what = format!("{}; {}", last.what, mark.what);
        }
        None => row.push(mark.clone()),
    }
}

pub(in crate::report::html) fn draw(story: &Story) -> String {
    let scale = Scale::of(&story.axis);
    let lanes: Vec<(&Lane, Vec<Vec<Mark>>)> = story.lanes.iter().map(|lane| (lane, rows(lane))).collect();
    let count: usize = lanes.iter().map(|(_, rows)| rows.len()).sum();
    let whole = HEAD + GAP + ROW + (count as f64) * ROW + lanes.len() as f64 * GAP + GAP + FOOT;
    let told = "Faults, phases, alerts, versions of the policy, actions and words on one axis of time. \
                The table below has the same.";
    let mut svg = Svg::new("lanes", "time lanes", (WIDTH, whole), "What happened, and when", told);
    svg.group("frame", &scale.data(), "");
    scale.backdrop(&mut svg, story, whole);
    let mut top = HEAD + GAP;
    svg.text("rowname", (scale.left() - 14.0, top + 14.0), "faults");
    for band in &story.axis.bands {
        let (from, to) = (scale.x(band.from), band.to.map_or(scale.right(), |to| scale.x(to)));
        let until = band.to.map_or("the end".to_owned(), words::offset);
        let tip = format!("{} ({}): {} to {until}", band.name, band.why, words::offset(band.from));
        svg.group("mark fault", &seq(band.seq), &tip);
        svg.rect("bar", (from, top + 2.0), (to - from, ROW - 5.0), 2.0);
        label(&mut svg, "in", (from + 5.0, top + 13.5), &band.name, to - from);
        svg.end();
    }
    top += ROW;
    for (lane, rows) in &lanes {
        top += GAP;
        svg.line("lane", (0.0, top - GAP / 2.0), (WIDTH, top - GAP / 2.0));
        for (n, row) in rows.iter().enumerate() {
            let name = if n == 0 { lane.name.as_str() } else { "" };
            svg.text("rowname", (scale.left() - 14.0, top + 14.0), name);
            draw_row(&mut svg, scale, lane, row, top);
            top += ROW;
        }
    }
    scale.marks(&mut svg, story, whole);
    svg.end();
    svg.finish()
}

fn draw_row(svg: &mut Svg, scale: Scale, lane: &Lane, marks: &[Mark], top: f64) {
    let mut free = 0.0;
    for (n, mark) in marks.iter().enumerate().filter(|(_, mark)| scale.shows(mark.from)) {
        let x = scale.x(mark.from);
        let tip = format!("{} {}: {}", words::offset(mark.from), mark.actor, mark.what);
        svg.group(&format!("mark {}", lane.name), &seq(Some(mark.seq)), &tip);
        if let Some(to) = mark.to {
            let width = (scale.x(to) - x).max(3.0);
            svg.rect("bar", (x, top + 2.0), (width, ROW - 5.0), 2.0);
            let next = marks.get(n + 1).map_or(scale.right(), |next| scale.x(next.from));
            let room = if lane.name == "alerts" && n == 0 { next - x } else { width };
            label(svg, "in", (x + 5.0, top + 13.5), &mark.name, room);
        } else {
            svg.path("shape", &shape(&lane.name, x, top + ROW / 2.0));
            let next = marks.get(n + 1).map_or(scale.right() + 60.0, |next| scale.x(next.from));
            let wide = mark.name.chars().count() as f64 * LETTER + 10.0;
            if x >= free && x + wide < next {
                svg.text("by", (x + 9.0, top + 14.0), &mark.name);
                free = x + wide;
            }
        }
        svg.end();
    }
}

fn seq(seq: Option<u64>) -> Vec<(&'static str, String)> {
    seq.map(|seq| ("seq", seq.to_string())).into_iter().collect()
}

/// A text in a bar, if there is room for some of it.
fn label(svg: &mut Svg, class: &str, place: (f64, f64), text: &str, width: f64) {
    let room = ((width - 8.0) / LETTER) as usize;
    if room >= text.chars().count().min(6) {
        svg.text(class, place, &short(text, room));
    }
}

/// Each lane has a shape: diamond, triangle, circle, square.
fn shape(lane: &str, x: f64, y: f64) -> String {
    match lane {
        "policy" => format!("M{x:.1},{:.1} l6,6 l-6,6 l-6,-6 Z", y - 6.0),
        "actions" => format!("M{x:.1},{:.1} l6,11 l-12,0 Z", y - 6.0),
        "words" => format!("M{:.1},{y:.1} a4.5,4.5 0 1,0 9,0 a4.5,4.5 0 1,0 -9,0 Z", x - 4.5),
        _ => format!("M{:.1},{:.1} h9 v9 h-9 Z", x - 4.5, y - 4.5),
    }
}
