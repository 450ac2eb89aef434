//! What happened lately. Alerts of one name are one line, or an outage would leave room for nothing else.

use controller::api::Event;
use controller::api::board::Board;
use evidence::kind;
use serde_json::Value;

use super::alerts::subject;
use super::line::Line;
use crate::paint::Tone;
use crate::watch::narrate;

/// Events that are one line.
struct Told {
    /// Of the youngest.
    ago_ms: u64,
    tone: Tone,
    text: String,
    /// Of alerts: name and state, of what, and the runbook.
    alert: Option<(String, String)>,
    subjects: Vec<String>,
    runbook: String,
}

/// The heading and the youngest events, in at most `room` lines beside the heading.
pub(super) fn lines(board: &Board, room: usize) -> Vec<Line> {
    let told = told(board);
    if room == 0 || told.is_empty() {
        return Vec::new();
    }
    let from = told.len().saturating_sub(room);
    let lines = told.into_iter().skip(from).map(|one| {
        Line::of(Tone::Faint, format!("{:>7}", ago(one.ago_ms)))
            .then(Tone::Plain, "  ")
            .then(one.tone, one.words())
    });
    std::iter::once(Line::of(Tone::Strong, "EVENTS")).chain(lines).collect()
}

/// How many lines there could be.
pub(super) fn count(board: &Board) -> usize {
    told(board).len()
}

impl Told {
    fn words(self) -> String {
        match self.alert {
            Some((name, state)) if self.subjects.len() > 1 => {
                let (word, runbook) = if state == "resolved" {
                    ("alert", String::new())
                } else {
                    ("ALERT", format!(" ({})", self.runbook))
                };
                format!("{word} {state}: {name}: {}{runbook}", self.subjects.join(" "))
            }
            _ => self.text,
        }
    }
}

fn told(board: &Board) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    for past in &board.events {
        let Event::Journal { kind, actor, body, .. } = &past.event else { continue };
        let Some((tone, text)) = narrate::line(kind, actor, body) else { continue };
        let said = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let alert = (kind == kind::ALERT).then(|| (said("name"), said("state")));
        let mut subjects = Vec::new();
        if alert.is_some() {
            // The line stands where the youngest of them does.
            if let Some(older) = all.iter().position(|one| one.alert == alert) {
                subjects = all.remove(older).subjects;
            }
            let labels = body.get("labels").cloned().unwrap_or_default();
            let own = serde_json::from_value(labels).map(|labels| subject(&labels)).unwrap_or_default();
            if !subjects.contains(&own) {
                subjects.push(own);
            }
        }
        all.push(Told { ago_ms: past.ago_ms, tone, text, alert, subjects, runbook: said("runbook") });
    }
    all
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
mod tests {
    use controller::api::board::Past;
    use serde_json::json;

    use super::*;
    use crate::paint::Paint;

    #[test]
    fn times_past_are_told_in_the_unit_that_matters() {
        assert_eq!((ago(999), ago(65_000), ago(3_700_000)), ("-0s".into(), "-1m05s".into(), "-1h01m".into()));
    }

    #[test]
    fn alerts_of_one_name_are_one_line_and_others_stay() {
        let alert = |ago_ms, name: &str, label: &str, of: &str| {
            let body = json!({"name": name, "state": "firing", "severity": "page", "summary": "s",
                "runbook": "r.md", "labels": {"severity": "page", label: of}});
            Past {
                ago_ms,
                event: Event::Journal { t_ms: 0, kind: "alert".into(), actor: "controller".into(), body },
            }
        };
        let events = vec![
            alert(9_000, "WorkersFull", "service", "payment"),
            alert(8_000, "BudgetBurnsAt14", "journey", "checkout"),
            alert(7_000, "WorkersFull", "service", "order"),
            alert(6_000, "BudgetBurnsAt14", "journey", "home"),
            alert(5_000, "QueueWait", "service", "order"),
        ];
        let board = Board { events, ..Board::default() };
        let shown: Vec<String> =
            lines(&board, 9).iter().map(|line| line.write(120, Paint::PLAIN).trim().to_owned()).collect();
        assert_eq!(
            shown,
            [
                "EVENTS",
                "-7s  ALERT firing: WorkersFull: payment order (r.md)",
                "-6s  ALERT firing: BudgetBurnsAt14: checkout home (r.md)",
                "-5s  ALERT firing: QueueWait: s (r.md)",
            ]
        );
    }
}
