//! A trace as a waterfall: a row for each hop, its wait for a worker hatched, its attempts folded into one row with
//! their number, pauses dotted, and its deadline as a mark.

use evidence::traces::{Row, Stretch, Waterfall};

use crate::report::html::words;

use super::short;
use super::svg::Svg;

const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 236.0;
const RIGHT: f64 = 880.0;
const ROW: f64 = 26.0;
const HEAD: f64 = 22.0;
const FOOT: f64 = 8.0;
/// More rows than this are a trace of retries, whose first ones tell it all.
const MOST_ROWS: usize = 24;

/// Nanoseconds as places.
#[derive(Clone, Copy)]
struct Time {
    extent_ns: f64,
}

impl Time {
    fn x(self, ns: u64) -> f64 {
        LEFT + (ns as f64 / self.extent_ns).min(1.0) * (RIGHT - LEFT)
    }
}

pub(in crate::report::html) fn draw(id: &str, fall: &Waterfall) -> String {
    let rows = &fall.rows[..fall.rows.len().min(MOST_ROWS)];
    let time = Time { extent_ns: fall.extent_ns.max(1) as f64 };
    let height = HEAD + rows.len() as f64 * ROW + FOOT;
    let told: Vec<String> = rows.iter().map(spoken).collect();
    let title = format!("Waterfall of trace {}", fall.trace);
    let mut svg = Svg::new(&format!("fall-{id}"), "fall", (WIDTH, height), &title, &told.join("; "));
    for quarter in 0..=4_u64 {
        let ns = fall.extent_ns / 4 * quarter;
        let x = time.x(ns);
        svg.line("grid", (x, HEAD - 4.0), (x, height - FOOT));
        svg.text("tick", (x, HEAD - 9.0), &words::nanoseconds(ns));
    }
    for (n, row) in rows.iter().enumerate() {
        draw_row(&mut svg, time, row, HEAD + n as f64 * ROW);
    }
    if let Some(took) = fall.took_ns.filter(|took| *took < fall.extent_ns * 99 / 100) {
        let x = time.x(took);
        svg.line("left", (x, HEAD - 4.0), (x, height - FOOT));
        svg.text("leftname", (x + 4.0, height - 1.0), "the user had their answer, or had left");
    }
    svg.finish()
}

fn draw_row(svg: &mut Svg, time: Time, row: &Row, top: f64) {
    let middle = top + ROW / 2.0;
    let kind = if row.error { "hop bad" } else { "hop ok" };
    svg.group(kind, &[], &spoken(row));
    let indent = 6.0 + 11.0 * row.depth.min(8) as f64;
    let name = format!("{} {}", row.service, row.operation);
    let folded = if row.attempts.len() > 1 { format!(" ×{}", row.attempts.len()) } else { String::new() };
    let room = (((LEFT - indent - 8.0) / 6.4) as usize).saturating_sub(folded.chars().count());
    svg.text("hopname", (indent, middle + 4.0), &format!("{}{folded}", short(&name, room)));
    let bar = |svg: &mut Svg, class: &str, stretch: &Stretch, inset: f64| {
        let (from, to) = (time.x(stretch.from_ns), time.x(stretch.to_ns));
        svg.rect(class, (from, top + inset), ((to - from).max(1.2), ROW - 2.0 * inset), 1.5);
    };
    for attempt in &row.attempts {
        bar(svg, if attempt.error { "attempt failed" } else { "attempt" }, attempt, 5.0);
    }
    for served in &row.served {
        bar(svg, "served", served, 9.0);
    }
    for queued in &row.queued {
        bar(svg, "queued", queued, 5.0);
    }
    for pause in &row.pauses {
        svg.line("pause", (time.x(pause.from_ns), middle), (time.x(pause.to_ns), middle));
    }
    for critical in &row.critical {
        svg.line(
            "critical",
            (time.x(critical.from_ns), top + ROW - 3.0),
            (time.x(critical.to_ns), top + ROW - 3.0),
        );
    }
    if let Some(deadline) = row.deadline_ns.filter(|deadline| *deadline as f64 <= time.extent_ns) {
        let x = time.x(deadline);
        svg.line("deadline", (x, top + 2.0), (x, top + ROW - 2.0));
        svg.path("deadlinetip", &format!("M{x:.1},{:.1} l-4,-5 l8,0 Z", top + 7.0));
    }
    let status = row.status.as_deref().map(words::code).unwrap_or_default();
    let sign = if row.error { "✕ " } else { "" };
    svg.text("hoptime", (RIGHT + 8.0, middle - 1.0), &words::nanoseconds(row.took_ns));
    svg.text("hopstatus", (RIGHT + 8.0, middle + 10.0), &short(&format!("{sign}{status}"), 18));
    svg.end();
}

fn spoken(row: &Row) -> String {
    let mut told = format!("{} {}, {}", row.service, row.operation, words::nanoseconds(row.took_ns));
    if row.attempts.len() > 1 {
        told += &format!(", {} attempts", row.attempts.len());
    }
    if row.queue_ns > 0 {
        told += &format!(", {} in the queue", words::nanoseconds(row.queue_ns));
    }
    if let Some(deadline) = row.deadline_ns {
        told += &format!(", deadline at {}", words::nanoseconds(deadline));
    }
    if let Some(status) = &row.status {
        told += &format!(", {}", words::code(status));
    }
    if !row.message.is_empty() {
        told += &format!(": {}", row.message);
    }
    told
}
