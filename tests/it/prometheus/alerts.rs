//! The burn of the budget went the whole way: evaluated there, told by Alertmanager, noted once when it fired and once when
//! it was over. The lab's own evaluation told none of it again, and knows what the rules record.

use std::time::Duration;

use evidence::Entry;
use serde_json::{Value, json};
use tests::{Lab, Role, until};

use super::Watched;

const BURN: &str = "BudgetBurnsAt14";

pub(super) fn wrong(lab: &Lab, run: &Watched) -> Vec<String> {
    let mut wrong = Vec::new();
    let alerts: Vec<&Entry> = run.journal.iter().filter(|entry| entry.kind == "alert").collect();
    let own = alerts.iter().filter(|entry| entry.text("source") != "alertmanager");
    wrong.extend(own.map(|entry| format!("told by the lab itself: {}", entry.line())));
    let of = |state: &str| {
        let told = alerts.iter().filter(|entry| entry.text("name") == BURN && entry.text("state") == state);
        told.filter(|entry| entry.body["labels"]["journey"] == "checkout")
            .map(|entry| entry.t_ms)
            .collect::<Vec<_>>()
    };
    let (fired, resolved) = (of("firing"), of("resolved"));
    let (inject, recover) = (run.phase("inject"), run.phase("recover"));
    if !fired.iter().any(|at| (inject..recover + 5_000).contains(at)) {
        wrong.push(format!("the burn of checkout fired at {fired:?}, and the fault is from {inject} ms on"));
    }
    if fired.len() != 1
        && fired.windows(2).any(|pair| resolved.iter().all(|end| !(pair[0]..pair[1]).contains(end)))
    {
        wrong.push(format!("told again without having ended: {fired:?}, {resolved:?}"));
    }
    if let Some(first) = alerts.iter().find(|entry| entry.text("name") == BURN) {
        let told = (first.text("severity"), first.text("runbook"), first.text("summary").is_empty());
        if told != ("page", "deploy/runbooks/budget-burn.md", false) {
            wrong.push(format!("not told as the lab tells it: {}", first.line()));
        }
    }
    // If the run was too short for it, the lab's own journal has it.
    if resolved.is_empty() {
        until("the burn of checkout is over", Duration::from_secs(60), || {
            let firing = lab.ask(Role::Observer, "GET", "/api/alerts", None).expect(200).json();
            let mut listed = firing["alerts"].as_array().into_iter().flatten();
            if listed.any(|alert| alert["name"] == BURN) { Err(firing.to_string()) } else { Ok(()) }
        });
    }
    wrong.extend(recorded_here(lab));
    wrong.extend(webhook(lab));
    wrong
}

/// What the rules record can be asked of the lab too.
fn recorded_here(lab: &Lab) -> Vec<String> {
    let said = lab.say(&["query", "service:lab_workers_limit:sum", "--output", "json"]);
    let answer: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
    let series = answer["data"]["result"].as_array().map_or(0, Vec::len);
    if series >= 7 {
        Vec::new()
    } else {
        vec![format!("the lab records nothing: {}{}", said.stdout, said.stderr)]
    }
}

/// What is sent to the webhook is taken from whoever may, and noted once.
fn webhook(lab: &Lab) -> Vec<String> {
    let notice = |version: &str| {
        json!({"version": version, "alerts": [{
            "status": "firing", "labels": {"alertname": "DiskFull", "severity": "page"}, "annotations": {},
            "startsAt": "2026-11-23T04:22:10.5Z", "fingerprint": "0123",
        }]})
    };
    let tell = |role, version| lab.ask(role, "POST", "/api/alertmanager", Some(notice(version)));
    let _ = tell(Role::Nobody, "4").expect(401);
    let _ = tell(Role::Process, "4").expect(401);
    let _ = tell(Role::Observer, "3").expect(422);
    let noted = [0, 1].map(|_| tell(Role::Observer, "4").expect(200).json()["noted"].as_u64());
    let expected = [Some(1), Some(0)];
    if noted == expected { Vec::new() } else { vec![format!("noted {noted:?}, expected {expected:?}")] }
}
