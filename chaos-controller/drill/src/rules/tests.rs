//! What a rule file may say, and the shipped ones.

use super::*;

fn read(text: &str) -> Result<Vec<Rule>, Vec<String>> {
    let problems = |problems: Problems| problems.list().iter().map(ToString::to_string).collect();
    rules(&Source::new("r.yml", text)).map_err(problems)
}

#[test]
fn an_alert_is_read_with_its_times_and_words() {
    let text = "groups:\n  - name: g\n    interval: 30s\n    rules:\n      - alert: Down\n        expr: up == 0\n        \
                for: 1m30s\n        labels: {severity: page}\n        annotations: {summary: gone}\n";
    let all = read(text).unwrap();
    assert_eq!(all.len(), 1);
    let rule = &all[0];
    assert_eq!((rule.group.as_str(), rule.alert.as_str()), ("g", "Down"));
    assert_eq!((rule.length, rule.keep_firing_for), (Duration::from_secs(90), Duration::ZERO));
    assert_eq!((rule.expr.text(), rule.labels["severity"].as_str()), ("up == 0", "page"));
}

#[test]
fn every_problem_is_told_at_once_with_its_place() {
    let text = "groups:\n  - name: g\n    rules:\n      - {alert: A, expr: lab_queue_dept > 1, for: 90}\n      \
                - {record: x, expr: up}\n      - {alert: B, expr: up == 0, for: 1.5s, anotations: {}}\n";
    let told = read(text).unwrap_err();
    let expected = [
        "r.yml:4:26: no process of the lab exposes `lab_queue_dept`",
        "r.yml:4:51: the number 90 is not allowed here",
        "r.yml:5:10: the lab evaluates alerts only",
        "r.yml:6:40: `1.5s` is no duration of Prometheus",
        "r.yml:6:46: unknown key `anotations`",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}\nis not\n{expected}");
    }
}

#[test]
fn the_shipped_rules_are_the_same_alerts_with_other_windows() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/prometheus");
    let shipped = |name: &str| read(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap();
    let names = |all: &[Rule]| all.iter().map(|rule| rule.alert.clone()).collect::<Vec<_>>();
    let (production, drill) = (shipped("firedrill.rules.yml"), shipped("drill-windows.rules.yml"));
    assert_eq!(names(&production), names(&drill));
    for rule in production.iter().chain(&drill) {
        for annotation in ["summary", "description", "runbook_url"] {
            assert!(rule.annotations.contains_key(annotation), "{} has no {annotation}", rule.alert);
        }
        assert!(matches!(rule.labels["severity"].as_str(), "page" | "ticket"), "{rule:?}");
        let runbook = folder.join("../..").join(&rule.annotations["runbook_url"]);
        assert!(runbook.is_file(), "{} has no runbook: {}", rule.alert, runbook.display());
    }
}
