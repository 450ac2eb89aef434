//! The page itself. The rows that there are go to what matters most: the header, what users see, the services that
//! are in trouble, the edges that are, the money; events take what is left.

use controller::api::board::{Board, Journey};

use super::line::Line;
use super::{alerts, edges, events, services};
use crate::figures::{latency, number};
use crate::paint::{Paint, Tone};
use crate::spark::spark;
use crate::watch::pulse::{clock, percent};

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

/// Rows that the events have at least, where there is room for anything.
const EVENTS: usize = 3;
/// Rows of edges that are worth giving up healthy services for.
const EDGES: usize = 3;
/// Services that are shown before any edge.
const SERVICES: usize = 4;
/// Rows from which alerts may take several lines.
const TALL: usize = 32;
/// Columns before the spark of a journey.
const SPARK_AT: usize = 42;

/// The lines of the page, at most as many as the screen has.
pub(crate) fn render(board: &Board, size: Size, paint: Paint) -> Vec<String> {
    lines(board, size).iter().map(|line| line.write(size.columns, paint)).collect()
}

fn lines(board: &Board, size: Size) -> Vec<Line> {
    let mut page = vec![header(board)];
    page.extend(load_and_alerts(board, size));
    page.extend(users(board, size.columns));
    let money = money(board);
    let mut services = services::lines(board, size.columns);
    let mut edges = edges::lines(board);
    // What is left for services, edges and events, after their headings.
    let room = size.rows.saturating_sub(page.len() + 1 + 3);
    let wanted_events = events::count(board).min(EVENTS);
    let wanted_edges = edges.len().min(EDGES);
    let for_services = room.saturating_sub(wanted_edges + wanted_events).max(room.min(SERVICES));
    drop_calm(&mut services, for_services);
    let for_edges = room.saturating_sub(services.len() + wanted_events);
    let calm_edges = drop_calm(&mut edges, for_edges);
    page.push(services::head());
    page.extend(services.into_iter().map(|(_, line)| line));
    if !edges.is_empty() {
        page.push(edges::head(size.columns, calm_edges));
        page.extend(edges.into_iter().map(|(_, line)| line));
    }
    page.push(money);
    let room = size.rows.saturating_sub(page.len() + 1);
    page.extend(events::lines(board, room));
    page.truncate(size.rows);
    page
}

/// Leaves the `room` lines with the most trouble, in their order; says how many are gone.
fn drop_calm(lines: &mut Vec<(u32, Line)>, room: usize) -> usize {
    let mut trouble: Vec<(std::cmp::Reverse<u32>, usize)> =
        lines.iter().enumerate().map(|(n, (trouble, _))| (std::cmp::Reverse(*trouble), n)).collect();
    trouble.sort_unstable();
    let kept: Vec<usize> = trouble.into_iter().take(room).map(|(_, n)| n).collect();
    let before = lines.len();
    let mut n = 0;
    lines.retain(|_| {
        n += 1;
        kept.contains(&(n - 1))
    });
    before - lines.len()
}

fn header(board: &Board) -> Line {
    let mut line = Line::of(Tone::Strong, format!("{} [{}]", board.lab, clock(board.t_ms)));
    match &board.run {
        Some(run) if run.exit.is_none() => {
            // Only a person has a clock that runs out.
            let player = match run.clock.and_then(|counted| counted.left_ms) {
                Some(left_ms) => format!("{} left", clock(left_ms)),
                None => format!("by {}", run.candidate.as_deref().unwrap_or("a person")),
            };
            line = line
                .then(Tone::Strong, format!(" {}", run.phase.to_uppercase()))
                .then(Tone::Plain, format!("  {}/{} {player}", run.drill, run.variant));
        }
        _ => line = line.then(Tone::Faint, "  no run"),
    }
    if board.halted {
        line = line.then(Tone::Plain, "  ").then(Tone::Bad, "HALTED: no load, no faults");
    }
    line.then(Tone::Plain, format!("  policy v{}  {:.0} MiB", board.policy_version, board.rss_mib))
}

/// The load, and the alerts beside it or below it.
fn load_and_alerts(board: &Board, size: Size) -> Vec<Line> {
    let load = match (board.offered, board.in_flight) {
        (Some(offered), Some(waiting)) if offered > 0.0 => {
            format!("load: {} requests/s, {} waiting", number(offered.round()), number(waiting.round()))
        }
        _ => "load: none".to_owned(),
    };
    let line = Line::of(Tone::Plain, load);
    if board.firing.is_empty() {
        return vec![line.then(Tone::Faint, "  alerts: none")];
    }
    let rows = if size.rows >= TALL { 3 } else { 1 };
    let line = line.then(Tone::Plain, "  ").then(Tone::Bad, format!("ALERTS ({})", board.firing.len()));
    std::iter::once(line).chain(alerts::lines(&board.firing, size.columns, rows)).collect()
}

fn users(board: &Board, columns: usize) -> Vec<Line> {
    let head = Line::of(Tone::Strong, "USERS")
        .right(24, Tone::Faint, "ended/s")
        .right(31, Tone::Faint, "good")
        .right(SPARK_AT - 2, Tone::Faint, "p99")
        .to(SPARK_AT)
        .then(Tone::Faint, "good, last minute (· nobody served)");
    let rows = board.journeys.iter().map(|journey| user(journey, columns));
    std::iter::once(head).chain(rows).collect()
}

fn user(journey: &Journey, columns: usize) -> Line {
    let tone = match journey.goodput {
        None => Tone::Faint,
        Some(share) if share >= 0.99 => Tone::Good,
        Some(share) if share >= 0.9 => Tone::Warn,
        Some(_) => Tone::Bad,
    };
    // Not by colour alone: what is bad is marked.
    let mark = match tone {
        Tone::Bad => "✗",
        Tone::Warn => "!",
        _ => " ",
    };
    let width = columns.saturating_sub(SPARK_AT).min(journey.history.len());
    let newest = &journey.history[journey.history.len().saturating_sub(60)..];
    Line::of(Tone::Plain, format!("  {}", journey.journey))
        .right(24, Tone::Plain, &number((journey.rate * 10.0).round() / 10.0))
        .right(31, tone, &journey.goodput.map_or("-".to_owned(), percent))
        .then(tone, mark)
        .right(SPARK_AT - 2, Tone::Plain, &journey.p99_seconds.map_or("-".to_owned(), latency))
        .to(SPARK_AT)
        .then(tone, spark(newest, 0.0, 1.0, width))
}

fn money(board: &Board) -> Line {
    let charges = board.charges.get("committed").copied().unwrap_or_default();
    let rate = format!("  charges {}/s", number((charges * 10.0).round() / 10.0));
    let mut line = Line::of(Tone::Strong, "MONEY").then(Tone::Plain, rate);
    // What nobody knows the end of is what hurts: it is told first, and also when there is none.
    let hurts = |state: &str| matches!(state, "unknown" | "pending");
    let count = |state: &str| board.orders_open.get(state).copied().unwrap_or_default();
    for state in ["unknown", "pending"] {
        let tone = if count(state) > 0.0 { Tone::Warn } else { Tone::Plain };
        line = line.then(tone, format!("  {state} {}", number(count(state))));
    }
    for (state, count) in board.orders_open.iter().filter(|(state, count)| !hurts(state) && **count > 0.0) {
        line = line.then(Tone::Plain, format!("  {state} {}", number(*count)));
    }
    line
}

#[cfg(test)]
mod tests;
