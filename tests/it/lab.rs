//! A lab that lives: up, changed by those who may, made sick by those who may, and down again.

mod bank;
mod levers;
mod policy;
mod stop;

use serde_json::json;
use tests::http::Ask;
use tests::site::SOON;
use tests::{Lab, Role, processes, until};

#[test]
fn a_lab_that_is_up_serves_its_page_and_one_that_is_down_is_gone() {
    let lab = Lab::up(&["--scale", "1/10"]);
    // No wait here: up means up.
    let page = Ask::get(&lab.frontend(), "/").send().expect("the frontend answers").expect(200);
    assert!(page.body.contains("firedrill-shop"), "not the shop's page: {}", page.body);
    let ready_ms = lab.up["ready_ms"].as_u64().expect("`up` says how long it took");
    assert!(ready_ms < 5_000, "ready after {ready_ms} ms");
    let members = lab.members();
    assert!(members.iter().all(|member| member.state == "up"), "{members:?}");
    assert_eq!(members.len(), 10, "eight services, traffic and the guard: {members:?}");
    lab.sell(5.0);

    let again = lab.say(&["up", "--output", "json"]).expect(0);
    assert!(again.stderr.contains("runs already"), "{}", again.stderr);
    assert_eq!(again.json()["controller"], lab.up["controller"]);

    lab.say(&["down"]).expect(0);
    assert_eq!(lab.file(), None, "the lab's file is left");
    until("every process of the lab is gone", SOON, || match processes::of(&lab.scratch) {
        left if left.is_empty() => Ok(()),
        left => Err(format!("{left:?}")),
    });
    lab.say(&["status"]).expect(1);
}

#[test]
fn the_labs_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let path = lab.scratch.labs().join(format!("{}.json", lab.lab));
    let mode = std::fs::metadata(&path).expect("the lab's file is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{}", path.display());
}

#[test]
fn a_role_may_do_what_it_may_and_nothing_more() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let patch =
        || Some(json!({"patch": {"flags": {"checkout": "on"}}, "reason": "to see who may", "dry_run": true}));
    let fault = || {
        let spec = json!({"effect": {"latency": {"fixed": {"value": "1s"}}}});
        Some(json!({"target": "bank", "id": "by-whom", "spec": spec, "for_ms": 10}))
    };
    let said = |said: serde_json::Value| Some(json!({ "said": said }));
    let mark = json!({"verb": "mark", "row": "system_thinking", "mark": "expert"});
    let (nobody, process) = (Role::Nobody, Role::Process);
    let (observer, candidate, operator) = (Role::Observer, Role::Candidate, Role::Operator);
    for (role, method, path, body, status) in [
        (nobody, "GET", "/api/status", None, 401),
        (process, "GET", "/api/status", None, 401),
        (observer, "GET", "/api/status", None, 200),
        (observer, "GET", "/api/policy", None, 200),
        (observer, "PATCH", "/api/policy", patch(), 403),
        (candidate, "PATCH", "/api/policy", patch(), 200),
        (observer, "POST", "/api/say", Some(json!({"text": "hello"})), 403),
        (candidate, "POST", "/api/say", Some(json!({"text": "hello"})), 200),
        (observer, "POST", "/api/record", said(json!({"verb": "say", "text": "hello"})), 403),
        (candidate, "POST", "/api/record", said(json!({"verb": "say", "text": "hello"})), 200),
        (candidate, "POST", "/api/record", said(json!({"verb": "say", "text": " "})), 400),
        (candidate, "POST", "/api/record", said(json!({"verb": "severity", "level": "sev1"})), 409),
        (candidate, "POST", "/api/record", said(mark.clone()), 403),
        (operator, "POST", "/api/record", said(mark), 409),
        (observer, "POST", "/api/hint", Some(json!({})), 403),
        (candidate, "POST", "/api/hint", Some(json!({})), 409),
        (observer, "POST", "/api/reveal", Some(json!({})), 403),
        (candidate, "POST", "/api/reveal", Some(json!({})), 404),
        (observer, "GET", "/api/incident", None, 404),
        (observer, "GET", "/api/faults", None, 403),
        (candidate, "GET", "/api/faults", None, 403),
        (operator, "GET", "/api/faults", None, 200),
        (candidate, "POST", "/api/faults", fault(), 403),
        (operator, "POST", "/api/faults", fault(), 200),
        (candidate, "POST", "/api/halt", None, 403),
        (candidate, "POST", "/api/down", None, 403),
    ] {
        let answer = lab.ask(role, method, path, body);
        assert_eq!(answer.status, status, "{role:?} {method} {path}: {}", answer.body);
    }
    // The command line offers the same roles.
    lab.say(&["policy", "set", "flags.checkout=on", "--reason", "x", "--dry-run", "--as", "observer"])
        .expect(1);
    lab.say(&["fault", "list", "--as", "candidate"]).expect(1);
    lab.say(&["fault", "list"]).expect(0);
}
