//! The alerts that fire, by name: pages before tickets, the oldest first, and all that one name fires for beside it.

use std::collections::BTreeMap;

use controller::api::alerts::Alert;

use super::line::Line;
use crate::paint::Tone;

/// Labels that say of what an alert is, in the order in which they are read.
const SUBJECT: [&str; 4] = ["service", "target", "method", "journey"];

/// At most `rows` lines; none if nothing fires. What has no room is counted.
pub(super) fn lines(firing: &[Alert], columns: usize, rows: usize) -> Vec<Line> {
    let entries = entries(firing);
    let mut lines: Vec<Line> = Vec::new();
    let mut line = Line::default();
    let mut width = 0;
    let mut severity = "";
    for (n, (own, words)) in entries.iter().enumerate() {
        let text = if own == severity { words.clone() } else { format!("{} {words}", own.to_uppercase()) };
        severity = own;
        let left = entries.len() - n;
        let last = lines.len() + 1 >= rows;
        // The last line must hold what counts the rest, unless there is none.
        let rest = if last && left > 1 { format!("  +{left} more").len() } else { 0 };
        if width > 0 && width + 2 + text.chars().count() + rest > columns {
            if last {
                line = line.then(Tone::Bad, format!("  +{left} more"));
                break;
            }
            lines.push(std::mem::take(&mut line));
            width = 0;
        }
        let gap = if width > 0 || !lines.is_empty() { "  " } else { "" };
        width += gap.len() + text.chars().count();
        let tone = if own == "page" { Tone::Bad } else { Tone::Warn };
        line = line.then(Tone::Plain, gap).then(tone, text);
    }
    if width > 0 {
        lines.push(line);
    }
    lines
}

/// Severity and words of each name: `BudgetBurnsAt14 checkout home`.
fn entries(firing: &[Alert]) -> Vec<(String, String)> {
    let mut named: BTreeMap<&str, Vec<&Alert>> = BTreeMap::new();
    for alert in firing {
        named.entry(&alert.name).or_default().push(alert);
    }
    let mut named: Vec<Vec<&Alert>> = named.into_values().collect();
    for alerts in &mut named {
        alerts.sort_by_key(|alert| alert.since_ms);
    }
    named.sort_by_key(|alerts| (alerts[0].severity != "page", alerts[0].since_ms));
    let words = |alerts: Vec<&Alert>| {
        let subjects: Vec<String> = alerts.iter().map(|alert| subject(&alert.labels)).collect();
        (
            alerts[0].severity.clone(),
            format!("{} {}", alerts[0].name, subjects.join(" ")).trim_end().to_owned(),
        )
    };
    named.into_iter().map(words).collect()
}

/// Of what an alert is: `checkout`, `cart>order`, `payment-0`.
pub(super) fn subject(labels: &BTreeMap<String, String>) -> String {
    if let Some(instance) = labels.get("instance") {
        return instance.clone();
    }
    let words: Vec<&str> = SUBJECT.iter().filter_map(|name| labels.get(*name)).map(String::as_str).collect();
    words.join(">")
}

#[cfg(test)]
mod tests {
    use controller::api::alerts::AlertState;

    use super::*;
    use crate::paint::Paint;

    fn alert(name: &str, severity: &str, since_ms: u64, labels: &[(&str, &str)]) -> Alert {
        Alert {
            name: name.into(),
            state: AlertState::Firing,
            severity: severity.into(),
            labels: labels.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect(),
            value: Some(1.0),
            summary: String::new(),
            description: String::new(),
            runbook: String::new(),
            since_ms,
            source: None,
        }
    }

    fn outage() -> Vec<Alert> {
        let mut firing = vec![
            alert("QueueWait", "ticket", 1, &[("service", "payment")]),
            alert("RetryAmplification", "ticket", 3, &[("service", "cart"), ("target", "order")]),
            alert("WorkersFull", "page", 2, &[("service", "payment")]),
        ];
        for (n, journey) in ["checkout", "home", "search"].into_iter().enumerate() {
            firing.push(alert("BudgetBurnsAt14", "page", 9 + n as u64, &[("journey", journey)]));
        }
        firing
    }

    fn shown(columns: usize, rows: usize) -> Vec<String> {
        lines(&outage(), columns, rows).iter().map(|line| line.write(columns, Paint::PLAIN)).collect()
    }

    #[test]
    fn pages_come_first_and_a_name_stands_once() {
        assert_eq!(
            shown(110, 1),
            [
                "PAGE WorkersFull payment  BudgetBurnsAt14 checkout home search  TICKET QueueWait payment  +1 more"
            ]
        );
        assert_eq!(shown(66, 1), ["PAGE WorkersFull payment  +3 more"]);
        assert!(lines(&[], 80, 1).is_empty());
    }

    #[test]
    fn where_there_is_room_all_are_told() {
        let lines = shown(80, 3);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[1].ends_with("RetryAmplification cart>order"), "{lines:?}");
        for columns in [1, 10, 40, 79] {
            assert!(shown(columns, 3).len() <= 3);
        }
    }
}
