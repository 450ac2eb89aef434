//! Alerts: the rule files are what a real Prometheus takes and mean what they say, every metric that they and drills may
//! ask for is exposed, and the lab itself tells when users are hurt, without telling why.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tests::http::Ask;
use tests::{Lab, Role, exposition, repo, tools, until};

/// Asks the tool that judges rules.
fn promtool(args: &[&str], files: &str) {
    let folder = repo::root().join("deploy/prometheus");
    let names: Vec<PathBuf> =
        repo::walk(&folder).into_iter().filter(|path| path.to_string_lossy().ends_with(files)).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let Some(promtool) = tools::need("promtool") else { return };
    let output = Command::new(promtool).args(args).args(&names).current_dir(&folder).output();
    let output = output.expect("promtool is there and can be run");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn prometheus_accepts_the_rules() {
    promtool(&["check", "rules"], ".rules.yml");
}

#[test]
fn the_rules_fire_and_resolve_when_they_should() {
    promtool(&["test", "rules"], ".test.yml");
}

fn journal(lab: &Lab) -> Vec<evidence::Entry> {
    let path = lab.scratch.labs().join(&lab.lab).join("journal.jsonl");
    evidence::verify(std::fs::read(path).expect("a lab has a journal")).expect("its chain holds").entries
}

/// Waits until the lab's journal tells of the checkout's budget, and gives the entry.
fn told(lab: &Lab, state: &str) -> evidence::Entry {
    until(&format!("the alert on checkout is {state}"), Duration::from_secs(60), || {
        let journal = journal(lab);
        let alerts: Vec<&evidence::Entry> = journal.iter().filter(|entry| entry.kind == "alert").collect();
        let found = alerts.iter().find(|entry| {
            entry.text("name") == "BudgetBurnsAt14"
                && entry.text("state") == state
                && entry.body["labels"]["journey"] == "checkout"
        });
        let last = || alerts.last().map_or("no alert yet".to_owned(), |entry| entry.line());
        found.map(|entry| (*entry).clone()).ok_or_else(last)
    })
}

#[test]
fn a_slow_bank_burns_the_budget_of_checkout_until_it_is_well() {
    let lab = Lab::up(&["--scale", "1/10", "--variant", "smoke"]);
    lab.sell(20.0);
    every_metric_is_on_the_list(&lab);
    let alerts = |role| lab.ask(role, "GET", "/api/alerts", None);
    let healthy = alerts(Role::Observer).expect(200).json();
    assert!(healthy["rules"].as_u64() >= Some(10), "{healthy}");
    // On a busy machine answers may be late while a lab begins: that is told, and over soon.
    until("a healthy shop has no alert that fires", Duration::from_secs(60), || {
        let all = alerts(Role::Observer).expect(200).json();
        let mut listed = all["alerts"].as_array().expect("a list").iter();
        if listed.any(|alert| alert["state"] == "firing") { Err(all.to_string()) } else { Ok(()) }
    });
    let _ = alerts(Role::Nobody).expect(401);

    let spec = json!({"effect": {"latency": {"fixed": {"value": "20s"}}}});
    let fault = json!({"target": "bank", "id": "slow", "spec": spec});
    let _ = lab.ask(Role::Operator, "POST", "/api/faults", Some(fault)).expect(200);
    let firing = told(&lab, "firing");
    assert_eq!(firing.text("severity"), "page");
    assert_eq!(firing.text("runbook"), "deploy/runbooks/budget-burn.md");
    let now = alerts(Role::Candidate).expect(200).json();
    let listed = now["alerts"].as_array().expect("a list").iter();
    let burning = listed.filter(|alert| alert["state"] == "firing" && alert["name"] == "BudgetBurnsAt14");
    assert!(burning.clone().any(|alert| alert["labels"]["journey"] == "checkout"), "{now}");
    for word in ["fault", "inject", "chaos", "slow-bank"] {
        assert!(!now.to_string().contains(word), "the alerts say `{word}`: {now}");
    }

    let _ = lab.ask(Role::Operator, "DELETE", "/api/faults/slow?abort_inflight=true", None).expect(200);
    let resolved = told(&lab, "resolved");
    assert!(resolved.t_ms > firing.t_ms);
}

/// What a drill may ask for is what the processes expose. The bank and the shop show some names only once they have
/// something to count, so those may be missing; what is exposed must be known.
fn every_metric_is_on_the_list(lab: &Lab) {
    let known: BTreeSet<String> = drill::metrics().into_iter().collect();
    let mut unknown = BTreeSet::new();
    for member in lab.members().into_iter().filter(|member| !member.admin.is_empty()) {
        let text = Ask::get(&member.admin, "/metrics").send().expect("the process answers").expect(200).body;
        let samples = exposition::parse(&text).expect("a strict scraper takes it");
        unknown.extend(samples.into_iter().map(|sample| sample.name).filter(|name| !known.contains(name)));
    }
    assert!(unknown.is_empty(), "not in chaos-controller/drill/src/metric.rs: {unknown:?}");
}
