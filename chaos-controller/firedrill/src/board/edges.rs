//! The edges' rows: who calls whom, how often each call is tried, how the tries end, and what the breaker does.

use controller::api::board::{Board, Edge, Service};
use resilience::policy::topology;

use super::depth::{depth, leads_to, trouble};
use super::line::Line;
use crate::figures::{latency, number};
use crate::paint::Tone;
use crate::watch::pulse::percent;

/// Tries per call from which retries make things worse.
const AMPLIFIED: f64 = 1.2;
/// A call that takes longer is slow: each of the shop's takes a tenth of it.
pub(super) const SLOW_SECONDS: f64 = 1.0;
/// Share of failures from which an edge mostly fails, and from which it fails at all.
const MOSTLY: f64 = 0.5;
const SOME: f64 = 0.01;
/// The column of the outcomes.
const OUTCOMES_AT: usize = 57;

/// How an edge is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    /// Nothing ends on it, though its caller has no worker left.
    Silent,
    Slow,
    Failing,
    /// Some fail, or are tried again.
    Doubtful,
    Well,
}

/// The heading; it says how many edges there was no room for.
pub(crate) fn head(columns: usize, left_out: usize) -> Line {
    let head = Line::of(Tone::Strong, "EDGES")
        .right(40, Tone::Faint, "calls/s")
        .right(46, Tone::Faint, "tries")
        .right(55, Tone::Faint, "p99")
        .to(OUTCOMES_AT)
        .then(Tone::Faint, "outcomes");
    if left_out > 0 && columns > 75 {
        head.right(columns.min(79), Tone::Faint, &format!("{left_out} more"))
    } else {
        head
    }
}

/// A line per edge that is used, or whose breaker is not closed, with how much trouble it is in.
pub(crate) fn lines(board: &Board) -> Vec<(u32, Line)> {
    let used = |edge: &&Edge| edge.recent > 0.0 || attempts(edge) > 0.0 || open(edge).is_some();
    let edges: Vec<(&Edge, Health)> =
        board.edges.iter().filter(used).map(|edge| (edge, health(edge, stuck(board, edge)))).collect();
    let sick = |health: Health| !matches!(health, Health::Well | Health::Doubtful);
    let row = |&(edge, health): &(&Edge, Health)| {
        // What only waits for a sicker edge below it is not where the trouble is.
        let waits = edges.iter().any(|(below, is)| {
            sick(*is) && (below.service == edge.target || leads_to(&edge.target, &below.service))
        });
        row(edge, health, waits, under_way(board, &edge.target))
    };
    edges.iter().map(row).collect()
}

/// The 99th percentile of the slowest calls to a service that ended, and whether there are some that do not end.
pub(super) fn towards(board: &Board, service: &str) -> (Option<f64>, bool) {
    let calls = || board.edges.iter().filter(|edge| edge.target == service);
    let slowest = calls()
        .filter_map(|edge| edge.p99_seconds)
        .fold(None, |worst: Option<f64>, p99| Some(worst.map_or(p99, |worst| worst.max(p99))));
    (slowest, calls().any(|edge| health(edge, stuck(board, edge)) == Health::Silent))
}

/// Whether the caller of an edge has no worker left, and the callee something to do: its calls hang.
fn stuck(board: &Board, edge: &Edge) -> bool {
    let found = |name: &str| board.services.iter().find(|one| one.service == name);
    let full = found(&edge.service).is_some_and(|one| one.workers > Some(0.0) && one.busy >= one.workers);
    full && found(&edge.target).and_then(there).is_none_or(|there| there > 0.0)
}

/// Requests that are at a service.
fn there(service: &Service) -> Option<f64> {
    let own = || service.busy.map(|busy| busy + service.queued.unwrap_or_default());
    service.active.filter(|_| service.workers.is_none()).or_else(own)
}

/// Requests that are at a service, if one service alone calls it.
fn under_way(board: &Board, service: &str) -> Option<f64> {
    let found = board.services.iter().find(|one| one.service == service)?;
    let there = there(found)?;
    (topology::callers(service).count() == 1 && there > 0.0).then_some(there)
}

fn health(edge: &Edge, stuck: bool) -> Health {
    let tries = attempts(edge);
    let failed: f64 =
        edge.attempts.iter().filter(|(outcome, _)| *outcome != "ok").map(|(_, rate)| rate).sum();
    let share = if tries > 0.0 { failed / tries } else { 0.0 };
    // An outcome is counted when it comes: a callee that hangs has none.
    if tries == 0.0 && stuck {
        Health::Silent
    } else if edge.p99_seconds >= Some(SLOW_SECONDS) {
        Health::Slow
    } else if share >= MOSTLY || open(edge).is_some() {
        Health::Failing
    } else if share >= SOME || amplification(edge) >= AMPLIFIED {
        Health::Doubtful
    } else {
        Health::Well
    }
}

/// `waits`: for an edge below it that is sick as well.
fn row(edge: &Edge, health: Health, waits: bool, under_way: Option<f64>) -> (u32, Line) {
    let tries = attempts(edge);
    let amplification = amplification(edge);
    let shown = |rate: f64| number((rate * 10.0).round() / 10.0);
    let ratio = if amplification.is_finite() { format!("{amplification:.2}x") } else { "-".to_owned() };
    let tone = match health {
        Health::Well => Tone::Plain,
        Health::Silent | Health::Slow | Health::Failing if !waits => Tone::Bad,
        _ => Tone::Warn,
    };
    let mut line = Line::of(Tone::Plain, format!("  {} > {}.{}", edge.service, edge.target, edge.method))
        .right(40, Tone::Plain, &shown(edge.calls))
        .right(46, if amplification >= AMPLIFIED { Tone::Bad } else { Tone::Plain }, &ratio)
        .right(
            55,
            if health == Health::Slow { tone } else { Tone::Plain },
            &edge.p99_seconds.map_or("-".to_owned(), latency),
        )
        .to(OUTCOMES_AT);
    if let Some(state) = open(edge) {
        line = line.then(Tone::Bad, format!("BREAKER {state}  "));
    }
    let wait = under_way.map_or(String::new(), |count| format!(", {} wait", number(count)));
    line = match health {
        Health::Silent if waits => line.then(tone, "no answers"),
        Health::Silent => line.then(tone, format!("NO ANSWERS{wait}")),
        Health::Slow if waits => line.then(tone, "slow  "),
        Health::Slow => line.then(tone, format!("SLOW{wait}  ")),
        _ if tries == 0.0 => line.then(Tone::Faint, "quiet"),
        _ => line,
    };
    let mut outcomes: Vec<(&String, f64)> =
        edge.attempts.iter().filter(|(_, rate)| **rate > 0.0).map(|(name, rate)| (name, *rate)).collect();
    outcomes.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (outcome, rate) in outcomes {
        let tone = if outcome == "ok" { Tone::Good } else { Tone::Warn };
        line = line.then(tone, format!("{outcome} {}  ", percent(rate / tries)));
    }
    // What ends on an edge is of many calls or of few: of two that are as deep, the busier one is kept.
    let busier = (edge.recent.max(edge.calls).min(999.0) / 10.0) as u32;
    let depth = depth(&edge.service);
    // An edge that only waits is worth a row, if it is deep.
    let kept = if waits && tone == Tone::Warn { trouble(Tone::Bad, depth) } else { trouble(tone, depth) };
    (kept * 100 + if kept > 0 { busier } else { 0 }, line)
}

/// Tries per call; no number if there were no calls.
fn amplification(edge: &Edge) -> f64 {
    if edge.calls > 0.0 { attempts(edge) / edge.calls } else { f64::NAN }
}

/// The state of a breaker that is not closed.
fn open(edge: &Edge) -> Option<String> {
    edge.breaker
        .as_ref()
        .filter(|state| !state.eq_ignore_ascii_case("closed"))
        .map(|state| state.to_uppercase())
}

fn attempts(edge: &Edge) -> f64 {
    edge.attempts.values().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paint::Paint;

    fn edge(attempts: &[(&str, f64)], p99: Option<f64>, breaker: Option<&str>) -> Edge {
        Edge {
            service: "payment".into(),
            target: "bank".into(),
            method: "charge".into(),
            calls: 10.0,
            attempts: attempts.iter().map(|(name, rate)| ((*name).to_owned(), *rate)).collect(),
            recent: 10.0,
            p99_seconds: p99,
            breaker: breaker.map(str::to_owned),
        }
    }

    /// The lines of some edges, with payment full and 50 calls at the bank.
    fn shown(edges: Vec<Edge>) -> Vec<(u32, String)> {
        let payment =
            Service { service: "payment".into(), busy: Some(5.0), workers: Some(5.0), ..Service::default() };
        let bank = Service { service: "bank".into(), active: Some(50.0), ..Service::default() };
        let board = Board { edges, services: vec![payment, bank], ..Board::default() };
        lines(&board).into_iter().map(|(trouble, line)| (trouble, line.write(120, Paint::PLAIN))).collect()
    }

    fn one(edge: Edge) -> (u32, String) {
        shown(vec![edge]).remove(0)
    }

    #[test]
    fn retries_and_their_outcomes_are_told() {
        let (trouble, text) = one(edge(&[("ok", 5.0), ("timeout", 25.0)], Some(0.2), Some("closed")));
        assert!(text.contains("payment > bank.charge") && text.contains("3.00x"), "{text}");
        assert!(text.ends_with("timeout 83%  ok 17%"), "{text}");
        assert!(trouble > one(edge(&[("ok", 10.0)], Some(0.1), None)).0);
    }

    #[test]
    fn answers_that_are_good_and_take_half_a_minute_are_not_well() {
        let (trouble, text) = one(edge(&[("ok", 1.7)], Some(30.2), None));
        assert!(text.ends_with("30.2 s  SLOW, 50 wait  ok 100%"), "{text}");
        assert!(text.chars().count() <= 80, "{text}");
        assert!(trouble > 0);
    }

    #[test]
    fn an_open_breaker_is_told_first() {
        let text = one(edge(&[("rejected", 10.0)], None, Some("open"))).1;
        assert!(text.ends_with("BREAKER OPEN  rejected 100%"), "{text}");
    }

    #[test]
    fn an_edge_on_which_nothing_ends_any_more_is_not_forgotten() {
        let (stuck, text) = one(edge(&[("ok", 0.0)], None, None));
        assert!(text.ends_with("NO ANSWERS, 50 wait"), "{text}");
        let quiet = Edge { service: "order".into(), target: "payment".into(), ..edge(&[], None, None) };
        let (quiet, text) = one(quiet);
        assert!(text.ends_with("quiet") && stuck > quiet, "{text}");
    }

    #[test]
    fn the_deepest_sick_edge_stands_out_and_is_kept_first() {
        let above = |service: &str, target: &str, method: &str| Edge {
            service: service.into(),
            target: target.into(),
            method: method.into(),
            ..edge(&[("error", 90.0)], Some(9.0), None)
        };
        let shown = shown(vec![
            above("cart", "order", "Checkout"),
            above("order", "payment", "Charge"),
            edge(&[("ok", 1.7)], Some(30.2), None),
        ]);
        assert!(shown[0].0 < shown[1].0 && shown[1].0 < shown[2].0, "{shown:?}");
        assert!(shown[0].1.contains("  slow  error") && shown[2].1.contains("  SLOW, "), "{shown:?}");
    }
}
