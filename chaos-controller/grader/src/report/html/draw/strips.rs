//! The breakers' states as strips: open is solid, half open hatched, closed a thin line, and each is named.

use crate::report::html::words;
use crate::story::{Story, Strip};

use super::Scale;
use super::scale::{FOOT, HEAD, WIDTH};
use super::svg::Svg;

const ROW: f64 = 30.0;

/// Empty, if there was no breaker.
pub(in crate::report::html) fn draw(story: &Story) -> String {
    if story.breakers.is_empty() {
        return String::new();
    }
    let scale = Scale::of(&story.axis);
    let whole = HEAD + story.breakers.len() as f64 * ROW + FOOT;
    let told: Vec<String> = story.breakers.iter().map(spoken).collect();
    let mut svg = Svg::new("plot-breakers", "time", (WIDTH, whole), "Breakers", &told.join("; "));
    svg.group("frame", &scale.data(), "");
    scale.backdrop(&mut svg, story, whole);
    for (n, strip) in story.breakers.iter().enumerate() {
        let top = HEAD + n as f64 * ROW;
        let (caller, callee) = strip.name.split_once(" → ").unwrap_or(("", &strip.name));
        svg.text("rowname", (scale.left() - 10.0, top + 10.0), &format!("{caller} →"));
        svg.text("rowname", (scale.left() - 10.0, top + 23.0), callee);
        for stay in &strip.stays {
            let (from, to) = (scale.x(stay.from), scale.x(stay.to));
            let tip = format!(
                "{}: {} from {} to {}",
                strip.name,
                state(&stay.state),
                words::offset(stay.from),
                words::offset(stay.to)
            );
            svg.group("stay", &[], &tip);
            match stay.state.as_str() {
                "closed" => svg.line("closed", (from, top + 11.0), (to, top + 11.0)),
                "open" => svg.rect("open", (from, top + 3.0), (to - from, 16.0), 2.0),
                _ => svg.rect("half", (from, top + 3.0), (to - from, 16.0), 2.0),
            }
            if to - from > 48.0 && stay.state == "open" {
                svg.text("in", (from + 5.0, top + 15.0), "open");
            }
            svg.end();
        }
        let open: f64 =
            strip.stays.iter().filter(|stay| stay.state == "open").map(|stay| stay.to - stay.from).sum();
        svg.text("rowvalue", (scale.right() + 8.0, top + 15.0), &format!("open {}", words::seconds(open)));
    }
    scale.marks(&mut svg, story, whole);
    svg.end();
    svg.finish()
}

pub(in crate::report::html) fn state(state: &str) -> String {
    state.replace('_', " ")
}

fn spoken(strip: &Strip) -> String {
    let opened = strip.stays.iter().filter(|stay| stay.state == "open").count();
    format!("{} was open {opened} times", strip.name)
}
