//! What a rule file may say, and the shipped ones.

use super::*;

fn read(text: &str) -> Result<Rules, Vec<String>> {
    let problems = |problems: Problems| problems.list().iter().map(ToString::to_string).collect();
    rules(&Source::new("r.yml", text)).map_err(problems)
}

#[test]
fn an_alert_is_read_with_its_times_and_words() {
    let text = "groups:\n  - name: g\n    interval: 30s\n    rules:\n      - alert: Down\n        expr: up == 0\n        \
                for: 1m30s\n        labels: {severity: page}\n        annotations: {summary: gone}\n";
    let all = read(text).unwrap().alerts;
    assert_eq!(all.len(), 1);
    let rule = &all[0];
    assert_eq!((rule.group.as_str(), rule.alert.as_str()), ("g", "Down"));
    assert_eq!((rule.length, rule.keep_firing_for), (Duration::from_secs(90), Duration::ZERO));
    assert_eq!((rule.expr.text(), rule.labels["severity"].as_str()), ("up == 0", "page"));
}

#[test]
fn every_problem_is_told_at_once_with_its_place() {
    let text = "groups:\n  - name: g\n    rules:\n      - {alert: A, expr: lab_queue_dept > 1, for: 90}\n      \
                - {record: up, expr: lab_queue_depth, for: 1s}\n      - {alert: B, expr: up == 0, for: 1.5s, anotations: {}}\n";
    let told = read(text).unwrap_err();
    let expected = [
        "r.yml:4:26: no process of the lab exposes `lab_queue_dept`",
        "r.yml:4:51: the number 90 is not allowed here",
        "r.yml:5:18: processes of the lab expose `up`",
        "r.yml:5:45: unknown key `for`",
        "r.yml:6:40: `1.5s` is no duration of Prometheus",
        "r.yml:6:46: unknown key `anotations`",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}\nis not\n{expected}");
    }
}

#[test]
fn what_a_file_records_its_rules_may_ask_for() {
    let text = |name: &str| {
        format!(
            "groups:\n  - name: g\n    rules:\n      - {{record: service:up:sum, expr: sum by (service) (up), labels: {{of: all}}}}\n      \
             - {{alert: Down, expr: '{name} == 0'}}\n"
        )
    };
    let rules = read(&text("service:up:sum")).unwrap();
    let recording = &rules.recordings[0];
    assert_eq!((recording.record.as_str(), recording.labels["of"].as_str()), ("service:up:sum", "all"));
    assert_eq!(rules.alerts[0].expr.metrics(), ["service:up:sum"]);
    let told = read(&text("service:up:avg")).unwrap_err();
    assert!(told[0].starts_with("r.yml:5:30: no process of the lab exposes `service:up:avg`"), "{told:?}");
}

#[test]
fn the_shipped_rules_are_the_same_alerts_with_other_windows() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/prometheus");
    let shipped = |name: &str| read(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap().alerts;
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

#[test]
fn every_shipped_rule_is_tested_where_it_holds() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/prometheus");
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    for name in ["firedrill", "drill-windows"] {
        let rules = read(&text(&format!("{name}.rules.yml"))).unwrap();
        let tests = text(&format!("{name}.test.yml"));
        for recording in rules.recordings {
            assert!(tests.contains(&recording.record), "{name}: nothing asks for {}", recording.record);
        }
        for rule in rules.alerts {
            let asked = format!("alertname: {}\n", rule.alert);
            let mut fires =
                tests.split(&asked).skip(1).map(|after| after.trim_start().starts_with("exp_alerts:"));
            assert!(fires.any(|fires| fires), "{name}: {} never fires", rule.alert);
        }
    }
}
