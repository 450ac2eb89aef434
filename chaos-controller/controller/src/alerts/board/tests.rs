//! Pending, firing and resolved, second by second.

use drill::{Source, rules};
use evidence::promql::Sample;

use super::*;

fn board(times: &str) -> Board {
    let text = format!(
        "groups:\n  - name: g\n    rules:\n      - alert: Full\n        expr: up == 1\n        {times}\n        \
         labels: {{severity: page, service: '{{{{ $labels.service }}}}!'}}\n        \
         annotations: {{summary: '{{{{ $labels.service }}}} at {{{{ $value }}}}'}}\n"
    );
    Board::new(rules(&Source::new("r.yml", text)).unwrap_or_else(|problems| panic!("{problems}")), true)
}

fn full(services: &[&str]) -> Value {
    let sample = |service: &&str| Sample {
        labels: [("__name__", "up"), ("service", *service)].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        value: 7.0,
    };
    Value::Vector(services.iter().map(sample).collect())
}

/// Name and state of each change, over looks that are a second apart.
fn changes(board: &mut Board, looks: &[&[&str]]) -> Vec<(usize, String, AlertState)> {
    let mut all = Vec::new();
    for (second, services) in looks.iter().enumerate() {
        let changes = board.take(0, full(services), second as u64 * 1_000);
        all.extend(changes.into_iter().map(|alert| (second, alert.labels["service"].clone(), alert.state)));
    }
    all
}

#[test]
fn an_alert_fires_when_it_has_held_and_resolves_when_it_stops() {
    let seen = changes(&mut board("for: 2s"), &[&["cart"], &["cart"], &["cart"], &["cart"], &[]]);
    let cart = "cart!".to_owned();
    assert_eq!(seen, [(2, cart.clone(), AlertState::Firing), (4, cart, AlertState::Resolved)]);
}

#[test]
fn a_gap_starts_the_wait_anew_and_nobody_is_told() {
    assert_eq!(changes(&mut board("for: 2s"), &[&["cart"], &["cart"], &[], &["cart"], &["cart"]]), []);
}

#[test]
fn without_for_it_fires_at_once_and_each_series_by_itself() {
    let seen = changes(&mut board("for: 0s"), &[&["cart"], &["cart", "order"], &["order"]]);
    let told: Vec<_> = seen.iter().map(|(t, name, state)| (*t, name.as_str(), *state)).collect();
    let expected = [
        (0, "cart!", AlertState::Firing),
        (1, "order!", AlertState::Firing),
        (2, "cart!", AlertState::Resolved),
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_alert_may_be_kept_firing_through_a_gap() {
    let seen = changes(&mut board("keep_firing_for: 2s"), &[&["cart"], &[], &["cart"], &[], &[], &[]]);
    // From the first look that found it gone.
    assert_eq!(seen.iter().map(|(t, ..)| *t).collect::<Vec<_>>(), [0, 5]);
}

#[test]
fn an_alert_tells_its_words_and_its_name_is_short() {
    let mut board = board("for: 1s");
    board.take(0, full(&["cart"]), 0);
    assert_eq!(board.firing(), Vec::<String>::new());
    board.take(0, full(&["cart"]), 1_000);
    let alert = &board.told().alerts[0];
    assert_eq!((alert.name.as_str(), alert.severity.as_str()), ("Full", "page"));
    assert_eq!((alert.summary.as_str(), alert.since_ms), ("cart! at 7", 0));
    assert!(!alert.labels.contains_key("__name__"));
    assert_eq!(board.firing(), ["Full cart"]);
}

#[test]
fn what_is_evaluated_here_is_not_told_again_by_an_alertmanager() {
    let text = "groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]";
    let rules = || rules(&Source::new("r.yml", text)).unwrap_or_else(|problems| panic!("{problems}"));
    let told = |name: &str| Alert {
        name: name.to_owned(),
        state: AlertState::Firing,
        severity: "page".to_owned(),
        labels: BTreeMap::from([("journey".to_owned(), "checkout".to_owned())]),
        value: None,
        summary: String::new(),
        description: String::new(),
        runbook: String::new(),
        since_ms: 1_000,
        source: Some("alertmanager".to_owned()),
    };
    let mut own = Board::new(rules(), true);
    assert_eq!(own.hear(told("Down"), "a"), None);
    assert!(own.hear(told("Other"), "b").is_some());
    let mut theirs = Board::new(rules(), false);
    assert!(theirs.hear(told("Down"), "a").is_some() && theirs.hear(told("Down"), "a").is_none());
    assert_eq!(theirs.firing(), ["Down checkout"]);
    assert_eq!((theirs.told().rules, theirs.told().alerts.len()), (0, 1));
}
