//! Dashboards, alerts, recording rules and runbooks ask for what the lab exposes: each name and each label is held against
//! what was scraped of labs that lived, and each panel has something to show in a drill. A name that is nowhere is told
//! with its file, its panel and what there is instead.
//!
//! Left out: Grafana itself, which is not here; whether it draws what is asked for has to be seen.

mod catalogue;
mod everything;
mod form;
mod shipped;

use std::sync::LazyLock;

use evidence::promql::{self, Query};
use evidence::samples::Samples;
use tests::played::full;

use catalogue::Catalogue;
use shipped::{Asked, From};

/// Runs that are played anyway, and what they leave out: a lab with every policy on, in which the controller tells of faults.
static SEEN: LazyLock<[Samples; 3]> = LazyLock::new(|| {
    let recorded = |candidate| {
        let dir = full(candidate).dir.clone().expect("a run that was played has a folder");
        let bytes = std::fs::read(dir.join("samples.bin")).expect("a run has samples");
        Samples::decode(&bytes).expect("its samples are whole")
    };
    [everything::samples(), recorded("nothing"), recorded("layered")]
});

#[test]
fn every_question_names_what_the_lab_exposes() {
    let catalogue = Catalogue::of(&*SEEN, &shipped::rules());
    let asked = shipped::all();
    let wrong: Vec<String> = asked.iter().flat_map(|asked| catalogue.problems(asked)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let of = |from: From| asked.iter().filter(|asked| asked.from == from).count();
    // A reader that finds nothing would find nothing wrong.
    let counts = [From::Panel, From::Annotation, From::Rule, From::Runbook].map(of);
    assert!(counts[0] >= 60 && counts[1] == 8 && counts[2] >= 20 && counts[3] >= 10, "{counts:?}");
}

#[test]
fn every_panel_has_something_to_show_in_a_drill() {
    let drawn = |asked: &&Asked| matches!(asked.from, From::Panel | From::Annotation);
    let empty: Vec<String> = shipped::all()
        .iter()
        .filter(drawn)
        .filter(|asked| !SEEN.iter().any(|samples| answers(samples, &asked.text)))
        .map(|asked| format!("{}: nothing to show for `{}`", asked.place, asked.text))
        .collect();
    assert!(empty.is_empty(), "{}", empty.join("\n"));
}

/// Whether each of its selectors finds samples, and the whole a value: `or vector(0)` alone is no answer.
fn answers(samples: &Samples, text: &str) -> bool {
    let query = Query::parse(text).unwrap_or_else(|refused| panic!("{text}: {refused}"));
    let last = |series: &evidence::samples::Series| series.points.last().map_or(0, |(t_ms, _)| *t_ms);
    let end_ms = samples.all().iter().map(last).max().unwrap_or_default();
    let rows = promql::range(&query, samples, 0, end_ms, 1_000);
    let rows = rows.unwrap_or_else(|failed| panic!("{text}: {failed}"));
    let has_value = rows.iter().flat_map(|row| &row.points).any(|(_, value)| !value.is_nan());
    has_value && query.seen(samples, 0, end_ms).all()
}

#[test]
fn prometheus_itself_reads_every_question() {
    let Some(promtool) = tests::tools::need("promtool") else { return };
    let rules: Vec<serde_json::Value> = shipped::all()
        .iter()
        .enumerate()
        .map(
            |(number, asked)| serde_json::json!({"record": format!("question_{number}"), "expr": asked.text}),
        )
        .collect();
    let scratch = tests::Scratch::new();
    let file = serde_json::json!({"groups": [{"name": "questions", "rules": rules}]}).to_string();
    let file = scratch.write("questions.yml", &file).display().to_string();
    let output = std::process::Command::new(promtool).args(["check", "rules", &file]).output();
    let output = output.expect("promtool is there and can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
}

#[test]
fn a_slip_in_a_name_or_a_label_is_told_with_its_place() {
    let catalogue = Catalogue::of(&*SEEN, &shipped::rules());
    let told = |file: &str, right: &str, wrong: &str, mentions: &[&str]| {
        let text = tests::repo::read(&tests::repo::root().join(file));
        assert!(text.contains(right), "{file} says no more `{right}`");
        let broken = shipped::of_file(file, &text.replacen(right, wrong, 1));
        let told: Vec<String> = broken.iter().flat_map(|asked| catalogue.problems(asked)).collect();
        assert_eq!(told.len(), 1, "{wrong} in {file}: {told:#?}");
        for part in [&[file], mentions].concat() {
            assert!(told[0].contains(part), "`{part}` is not in: {}", told[0]);
        }
    };
    let (cascade, rules) = ("dashboards/firedrill-cascade.json", "deploy/prometheus/drill-windows.rules.yml");
    told(
        cascade,
        "lab_abandoned_total{",
        "lab_abandonned_total{",
        &["panel 208 `Wasted work`", "`lab_abandonned_total`"],
    );
    told(
        cascade,
        "sum by (service, reason) (rate(lab_shed",
        "sum by (service, cause) (rate(lab_shed",
        &["panel 209 `Refused`", "`cause`", "pool, priority, reason, service"],
    );
    told(cascade, "{{service}} {{reason}}", "{{service}} {{why}}", &["panel 209 `Refused`", "`why`"]);
    told(
        rules,
        "expr: sum by (service) (lab_queue_depth)",
        "expr: sum by (service) (lab_queue_length)",
        &["record service:lab_queue_depth:sum", "`lab_queue_length`"],
    );
    told(
        rules,
        "and service:lab_queue_depth:sum > 0",
        "and service:lab_queue_deep:sum > 0",
        &["alert WorkersFull", "`service:lab_queue_deep:sum`"],
    );
    told(
        rules,
        "lab_orders_open{state=~",
        "lab_orders_open{status=~",
        &["alert OrdersNotSettled", "`status`", "state"],
    );
    told(
        rules,
        "{{ $labels.service }} wait for",
        "{{ $labels.pool }} wait for",
        &["alert QueueWait", "`pool`"],
    );
}
