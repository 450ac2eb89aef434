//! The page itself. The rows that there are go to what matters most: the header, what users see, the services that
//! are in trouble, the edges that are, the money; events take what is left.

use controller::api::Event;
use controller::api::board::{Board, Journey};

use super::line::Line;
use super::{edges, services};
use crate::figures::{number, seconds};
use crate::paint::{Paint, Tone};
use crate::spark::spark;
use crate::watch::narrate;
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
/// Columns before the spark of a journey.
const SPARK_AT: usize = 42;

/// The lines of the page, at most as many as the screen has.
pub(crate) fn render(board: &Board, size: Size, paint: Paint) -> Vec<String> {
    lines(board, size).iter().map(|line| line.write(size.columns, paint)).collect()
}

fn lines(board: &Board, size: Size) -> Vec<Line> {
    let mut page = vec![header(board), alerts(board)];
    page.extend(users(board, size.columns));
    let money = money(board);
    let mut services = services::lines(board, size.columns);
    let mut edges = edges::lines(board, size.columns);
    // What is left for services, edges and events, after their headings.
    let room = size.rows.saturating_sub(page.len() + 1 + 3);
    let wanted_events = board.events.len().min(EVENTS);
    let wanted_edges = edges.len().min(EDGES);
    let for_services = room.saturating_sub(wanted_edges + wanted_events);
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
    page.extend(events(board, room));
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
            let player = run.candidate.as_deref().unwrap_or("a person");
            line = line
                .then(Tone::Strong, format!(" {}", run.phase.to_uppercase()))
                .then(Tone::Plain, format!("  {}/{} by {player}", run.drill, run.variant));
        }
        _ => line = line.then(Tone::Faint, "  no run"),
    }
    if board.halted {
        line = line.then(Tone::Plain, "  ").then(Tone::Bad, "HALTED: no load, no faults");
    }
    line.then(Tone::Plain, format!("  policy v{}  {:.0} MiB", board.policy_version, board.rss_mib))
}

fn alerts(board: &Board) -> Line {
    if board.alerts.is_empty() {
        return Line::of(Tone::Faint, "alerts: none");
    }
    Line::of(Tone::Bad, format!("ALERTS ({})", board.alerts.len()))
        .then(Tone::Bad, format!(" {}", board.alerts.join(", ")))
}

fn users(board: &Board, columns: usize) -> Vec<Line> {
    let load = match (board.offered, board.in_flight) {
        (Some(offered), Some(waiting)) if offered > 0.0 => {
            format!("{} offered/s, {} waiting", number(offered.round()), number(waiting))
        }
        _ => "no load".to_owned(),
    };
    let head = Line::of(Tone::Strong, "USERS")
        .right(22, Tone::Faint, "ended/s")
        .right(30, Tone::Faint, "good")
        .right(SPARK_AT - 2, Tone::Faint, "p99")
        .to(SPARK_AT)
        .then(Tone::Faint, format!("good, last minute   {load}"));
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
        .right(22, Tone::Plain, &number((journey.rate * 10.0).round() / 10.0))
        .right(30, tone, &journey.goodput.map_or("-".to_owned(), percent))
        .then(tone, mark)
        .right(SPARK_AT - 2, Tone::Plain, &journey.p99_seconds.map_or("-".to_owned(), seconds))
        .to(SPARK_AT)
        .then(tone, spark(newest, 0.0, 1.0, width))
}

fn money(board: &Board) -> Line {
    let mut line = Line::of(Tone::Strong, "MONEY");
    for (state, count) in &board.orders_open {
        // What nobody knows the end of is what hurts.
        let open = matches!(state.as_str(), "unknown" | "pending") && *count > 0.0;
        line =
            line.then(if open { Tone::Warn } else { Tone::Plain }, format!("  {state} {}", number(*count)));
    }
    for (state, rate) in &board.orders {
        line = line.then(Tone::Plain, format!("  {state} {}/s", number((rate * 10.0).round() / 10.0)));
    }
    let charges: f64 = board.charges.get("committed").copied().unwrap_or_default();
    line.then(Tone::Plain, format!("  charges {}/s", number((charges * 10.0).round() / 10.0)))
}

fn events(board: &Board, room: usize) -> Vec<Line> {
    let told: Vec<Line> = board
        .events
        .iter()
        .filter_map(|past| {
            let Event::Journal { kind, actor, body, .. } = &past.event else { return None };
            let (tone, text) = narrate::line(kind, actor, body)?;
            Some(
                Line::of(Tone::Faint, format!("{:>7}", ago(past.ago_ms)))
                    .then(Tone::Plain, "  ")
                    .then(tone, text),
            )
        })
        .collect();
    if room == 0 || told.is_empty() {
        return Vec::new();
    }
    let from = told.len().saturating_sub(room);
    std::iter::once(Line::of(Tone::Strong, "EVENTS")).chain(told.into_iter().skip(from)).collect()
}

/// `12s`, `3m05s`: how long ago.
fn ago(ms: u64) -> String {
    let seconds = ms / 1000;
    if seconds < 60 {
        format!("-{seconds}s")
    } else if seconds < 3600 {
        format!("-{}m{:02}s", seconds / 60, seconds % 60)
    } else {
        format!("-{}h{:02}m", seconds / 3600, seconds / 60 % 60)
    }
}

#[cfg(test)]
mod tests;
