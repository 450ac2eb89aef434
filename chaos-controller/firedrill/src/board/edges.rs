//! The edges' rows: who calls whom, how often each call is tried, how the tries end, and what the breaker does.

use controller::api::board::{Board, Edge};

use super::line::Line;
use crate::figures::number;
use crate::paint::Tone;
use crate::watch::pulse::percent;

/// Tries per call from which retries make things worse.
const AMPLIFIED: f64 = 1.2;
/// The column of the outcomes.
const OUTCOMES_AT: usize = 57;

/// The heading; it says how many edges there was no room for.
pub(crate) fn head(columns: usize, left_out: usize) -> Line {
    let head = Line::of(Tone::Strong, "EDGES")
        .right(35, Tone::Faint, "calls/s")
        .right(43, Tone::Faint, "tries/s")
        .right(50, Tone::Faint, "x")
        .to(OUTCOMES_AT - 5)
        .then(Tone::Faint, "outcomes");
    if left_out > 0 && columns > 75 {
        head.right(columns.min(79), Tone::Faint, &format!("{left_out} more"))
    } else {
        head
    }
}

/// A line per edge that is used, or whose breaker is not closed, with how much trouble it is in.
pub(crate) fn lines(board: &Board, _columns: usize) -> Vec<(u32, Line)> {
    board
        .edges
        .iter()
        .filter(|edge| attempts(edge) > 0.0 || edge.calls > 0.0 || open(edge).is_some())
        .map(row)
        .collect()
}

fn row(edge: &Edge) -> (u32, Line) {
    let tries = attempts(edge);
    let amplification = if edge.calls > 0.0 { tries / edge.calls } else { f64::NAN };
    let amplified = amplification >= AMPLIFIED;
    let failed: f64 =
        edge.attempts.iter().filter(|(outcome, _)| *outcome != "ok").map(|(_, rate)| rate).sum();
    let share = if tries > 0.0 { failed / tries } else { 0.0 };
    let mut trouble = (share * 10.0).ceil() as u32 + if amplified { 5 } else { 0 };
    let shown = |rate: f64| number((rate * 10.0).round() / 10.0);
    let ratio = if amplification.is_finite() { format!("{amplification:.2}") } else { "-".to_owned() };
    let mut line = Line::of(Tone::Plain, format!("  {} > {}.{}", edge.service, edge.target, edge.method))
        .right(35, Tone::Plain, &shown(edge.calls))
        .right(43, Tone::Plain, &shown(tries))
        .right(50, if amplified { Tone::Bad } else { Tone::Plain }, &ratio)
        .to(OUTCOMES_AT - 5);
    if let Some(state) = open(edge) {
        trouble += 20;
        line = line.then(Tone::Bad, format!("BREAKER {state}  "));
    }
    let mut outcomes: Vec<(&String, f64)> =
        edge.attempts.iter().filter(|(_, rate)| **rate > 0.0).map(|(name, rate)| (name, *rate)).collect();
    outcomes.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (outcome, rate) in outcomes {
        let tone = if outcome == "ok" { Tone::Good } else { Tone::Warn };
        line = line.then(tone, format!("{outcome} {}  ", percent(rate / tries)));
    }
    (trouble, line)
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

    fn edge(attempts: &[(&str, f64)], breaker: Option<&str>) -> Edge {
        Edge {
            service: "payment".into(),
            target: "bank".into(),
            method: "charge".into(),
            calls: 10.0,
            attempts: attempts.iter().map(|(name, rate)| ((*name).to_owned(), *rate)).collect(),
            breaker: breaker.map(str::to_owned),
        }
    }

    #[test]
    fn retries_and_their_outcomes_are_told() {
        let (trouble, line) = row(&edge(&[("ok", 5.0), ("timeout", 25.0)], Some("closed")));
        let text = line.write(120, Paint::PLAIN);
        assert!(text.contains("payment > bank.charge") && text.contains("3.00"), "{text}");
        assert!(text.ends_with("timeout 83%  ok 17%"), "{text}");
        assert!(trouble > row(&edge(&[("ok", 10.0)], None)).0);
    }

    #[test]
    fn an_open_breaker_is_the_worst() {
        let (trouble, line) = row(&edge(&[("rejected", 10.0)], Some("open")));
        assert!(line.write(120, Paint::PLAIN).contains("BREAKER OPEN  rejected 100%"));
        assert!(trouble > row(&edge(&[("timeout", 99.0)], None)).0);
    }
}
