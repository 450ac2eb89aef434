//! The shop's picture at its worst moment. A service says what it is in words, a call that fails is dashed and has its
//! share beside it, and the call that broke first carries a sign: nothing is told by colour alone.

use crate::finding::percent;
use crate::report::html::words;
use crate::scorecard::Scorecard;
use crate::story::{Edge, Node, Picture};

use super::svg::{Svg, number};

const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 372.0;
/// A node's size.
const BOX: (f64, f64) = (112.0, 84.0);
const STEP: f64 = 177.0;
/// From here on most of the replies are failures.
const MOSTLY: f64 = 0.5;
/// Below this a failure here and there is no news.
const SOME: f64 = 0.01;

/// Upper left corners: users and what buying passes in one row, the rest below who calls it.
const PLACES: [(&str, (f64, f64)); 10] = [
    ("users", (2.0, 24.0)),
    ("frontend", (2.0 + STEP, 24.0)),
    ("cart", (2.0 + 2.0 * STEP, 24.0)),
    ("order", (2.0 + 3.0 * STEP, 24.0)),
    ("payment", (2.0 + 4.0 * STEP, 24.0)),
    ("bank", (2.0 + 5.0 * STEP, 24.0)),
    ("bank@second", (2.0 + 5.0 * STEP, 150.0)),
    ("search", (2.0 + 2.0 * STEP, 150.0)),
    ("inventory", (2.0 + 4.0 * STEP, 150.0)),
    ("account", (2.0 + 2.0 * STEP, 276.0)),
];

pub(in crate::report::html) fn draw(card: &Scorecard, picture: &Picture) -> String {
    let told: Vec<String> =
        picture.nodes.iter().map(|node| format!("{}: {}", node.name, state(node).1)).collect();
    let title = format!("The shop from {} to {}", words::offset(picture.from), words::offset(picture.to));
    let mut svg = Svg::new("topology", "topology", (WIDTH, HEIGHT), &title, &told.join("; "));
    svg.raw(
        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"tip\" d=\"M0,0 L8,4 L0,8 Z\"/></marker></defs>",
    );
    let busiest = picture.edges.iter().map(|edge| edge.rate).fold(1.0, f64::max);
    for edge in &picture.edges {
        draw_edge(&mut svg, edge, busiest, is_first(card, edge));
    }
    draw_users(&mut svg, picture);
    for node in &picture.nodes {
        draw_node(&mut svg, node);
    }
    svg.finish()
}

/// Whether the recorded truth names this call as the one that broke first.
fn is_first(card: &Scorecard, edge: &Edge) -> bool {
    card.truth
        .first_broken_edge
        .as_ref()
        .is_some_and(|first| first.caller == edge.caller && first.callee == edge.callee)
}

fn place(name: &str) -> Option<(f64, f64)> {
    PLACES.iter().find(|(known, _)| *known == name).map(|(_, place)| *place)
}

fn draw_edge(svg: &mut Svg, edge: &Edge, busiest: f64, first: bool) {
    let (Some(from), Some(to)) = (place(&edge.caller), place(&edge.callee)) else { return };
    let (right, middle) = (from.0 + BOX.0, BOX.1 / 2.0);
    let (start, end) = ((right, from.1 + middle), (to.0 - 2.0, to.1 + middle));
    let kind = match edge.failing {
        share if share >= MOSTLY => "bad",
        share if share >= SOME => "some",
        _ => "ok",
    };
    let width = 1.5 + 4.5 * (edge.rate / busiest).clamp(0.0, 1.0).sqrt();
    let first_class = if first { " first" } else { "" };
    let tip = format!(
        "{} → {}: {} a second, {} failed",
        edge.caller,
        edge.callee,
        words::rate(edge.rate),
        percent(edge.failing)
    );
    svg.group(&format!("call {kind}{first_class}"), &[], &tip);
    let curve = if (start.1 - end.1).abs() < 1.0 {
        format!("M{},{} L{},{}", number(start.0), number(start.1), number(end.0), number(end.1))
    } else {
        let bend = start.0 + 30.0;
        format!(
            "M{},{} C{},{} {},{} {},{}",
            number(start.0),
            number(start.1),
            number(bend),
            number(start.1),
            number(end.0 - 44.0),
            number(end.1),
            number(end.0),
            number(end.1)
        )
    };
    svg.raw(&format!(
        "<path class=\"wire\" stroke-width=\"{}\" marker-end=\"url(#tip)\" d=\"{curve}\"/>",
        number(width)
    ));
    let (x, y) = if (start.1 - end.1).abs() < 1.0 {
        (f64::midpoint(start.0, end.0) - 2.0, start.1 - 9.0)
    } else {
        (end.0 - 36.0, end.1 - 9.0)
    };
    // On a long way the words stand where it starts, clear of what is between.
    let x = if end.0 - start.0 > STEP { start.0 + 33.0 } else { x };
    svg.text("rate", (x, y), &format!("{}/s", words::rate(edge.rate)));
    if edge.failing >= SOME {
        svg.text("share", (x, y + 24.0), &format!("✕ {}", words::glance(edge.failing)));
    }
    if let Some(attempts) = edge.attempts.filter(|attempts| *attempts > 1.05) {
        svg.text("tries", (x, y + 37.0), &format!("×{attempts:.1} tries"));
    }
    if first {
        // Above the boxes: between them there is no room for it.
        svg.text("firstname", (x, to.1 - 9.0), "▼ broke first");
    }
    svg.end();
}

/// A word for the class, and the words that are shown.
fn state(node: &Node) -> (&'static str, String) {
    let full = node.busy.zip(node.workers).is_some_and(|(busy, workers)| workers > 0.0 && busy >= workers);
    let failing = node.failing.filter(|share| *share >= MOSTLY);
    let failure = node.failure.as_deref().map(words::code).unwrap_or_default();
    match (failing, full) {
        (Some(share), _) => ("bad", format!("{} {failure}", words::glance(share))),
        (None, true) => ("bad", "pool full".to_owned()),
        _ => match node.failing {
            Some(share) if share >= SOME => ("some", format!("{} {failure}", words::glance(share))),
            Some(_) => ("ok", "answers".to_owned()),
            None if node.busy.is_some() => ("ok", "no replies".to_owned()),
            None => ("none", "no data".to_owned()),
        },
    }
}

fn draw_users(svg: &mut Svg, picture: &Picture) {
    let Some((x, y)) = place("users") else { return };
    let kind = if picture.good >= 0.95 { "ok" } else { "bad" };
    svg.group(&format!("node users {kind}"), &[], "");
    svg.rect("box", (x, y), BOX, 42.0);
    svg.text("name", (x + BOX.0 / 2.0, y + 28.0), "users");
    svg.text("fact", (x + BOX.0 / 2.0, y + 48.0), &format!("{} in time", words::glance(picture.good)));
    svg.text("fact", (x + BOX.0 / 2.0, y + 64.0), &format!("of {}", words::count(picture.offered)));
    svg.end();
}

fn draw_node(svg: &mut Svg, node: &Node) {
    let Some((x, y)) = place(&node.name) else { return };
    let (kind, state) = state(node);
    let sign = match kind {
        "bad" => "✕ ",
        "some" => "! ",
        _ => "",
    };
    svg.group(&format!("node {kind}"), &[], &format!("{}: {state}", node.name));
    svg.rect("box", (x, y), BOX, 6.0);
    let center = x + BOX.0 / 2.0;
    svg.text("name", (center, y + 19.0), &node.name);
    svg.text("state", (center, y + 36.0), &format!("{sign}{state}"));
    let busy = match (node.busy, node.workers) {
        (Some(busy), Some(workers)) => format!("{busy:.0}/{workers:.0} busy"),
        (Some(busy), None) => format!("{busy:.0} under way"),
        _ => "not scraped".to_owned(),
    };
    svg.text("fact", (center, y + 52.0), &busy);
    let below = match (node.queued, node.took_seconds) {
        (Some(queued), _) => format!("{queued:.0} queued"),
        (None, Some(took)) => format!("{} a reply", words::seconds(took)),
        _ => String::new(),
    };
    svg.text("fact", (center, y + 67.0), &below);
    if let (Some(busy), Some(workers)) = (node.busy, node.workers.filter(|workers| *workers > 0.0)) {
        let room = BOX.0 - 16.0;
        svg.rect("trough", (x + 8.0, y + BOX.1 - 10.0), (room, 4.0), 2.0);
        svg.rect("level", (x + 8.0, y + BOX.1 - 10.0), (room * (busy / workers).clamp(0.0, 1.0), 4.0), 2.0);
    }
    svg.end();
}
