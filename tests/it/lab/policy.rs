//! The policy of a lab that runs: changed on all instances at once, refused when it was written against another one,
//! told apart, and taken back.

use serde_json::{Value, json};
use tests::site::SOON;
use tests::{Lab, Role, until};

/// A change must be running everywhere in less time.
const ROLLOUT_MS: f64 = 100.0;
/// Instances of the shop, each with a policy.
const SHOP: u64 = 7;

fn change(lab: &Lab, patch: &Value, base: Option<u64>) -> tests::http::Answer {
    let body = json!({"patch": patch, "reason": "to see how fast it is", "base": base, "author": "ada"});
    lab.ask(Role::Candidate, "PATCH", "/api/policy", Some(body))
}

fn workers(count: u64) -> Value {
    json!({"services": {"payment": {"server": {"workers": count}}}})
}

#[test]
fn a_policy_change_runs_on_every_instance_within_100_ms() {
    let lab = Lab::up(&["--scale", "1/10"]);
    lab.sell(1.0);
    let mut took = Vec::new();
    for count in [31, 32, 33, 34, 35] {
        let version = change(&lab, &workers(count), None).expect(200).json();
        assert!(version["instances"].as_u64() >= Some(SHOP), "{version}");
        assert_eq!(version["applied"], version["instances"], "not on all instances: {version}");
        took.push(version["applied_ms"].as_f64().unwrap_or_else(|| panic!("not applied in time: {version}")));
        let payment = lab.member("payment").admin;
        let limit =
            lab.metric(&payment, "lab_workers_limit", &[("pool", "main")]).expect("payment tells its limit");
        assert_eq!(limit, count as f64, "payment runs with another pool than it reported");
    }
    // One of five may meet a neighbour's burst.
    took.sort_by(f64::total_cmp);
    assert!(took[3] < ROLLOUT_MS, "changes took {took:?} ms");
}

#[test]
fn a_change_against_an_older_version_is_refused_and_a_revert_brings_it_back() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let get = |path: &str| lab.ask(Role::Observer, "GET", path, None).expect(200).json();
    let first = get("/api/policy");
    let base = first["version"].as_u64().expect("a version has a number");

    let second = change(&lab, &workers(12), Some(base)).expect(200).json();
    assert_eq!((second["version"].as_u64(), second["base"].as_u64()), (Some(base + 1), Some(base)));
    assert_eq!((&second["author"], &second["reason"]), (&json!("ada"), &json!("to see how fast it is")));

    let refused = change(&lab, &workers(13), Some(base)).expect(409).json();
    let error = refused["error"].as_str().unwrap_or_default();
    assert!(
        error.contains(&format!("version {base}")) && error.contains(&format!("version {}", base + 1)),
        "{error}"
    );
    assert_eq!(get("/api/policy")["version"], base + 1, "a refused change was made");

    let diff = get(&format!("/api/policy/diff?from={base}&to={}", base + 1));
    let changed = &diff.as_array().expect("a list of changes")[0];
    assert_eq!(
        (&changed["path"], &changed["after"]),
        (&json!("services.payment.server.workers"), &json!(12))
    );

    let revert = json!({"to": base, "reason": "worse"});
    let third = lab.ask(Role::Candidate, "POST", "/api/policy/revert", Some(revert)).expect(200).json();
    assert_eq!(third["version"], base + 2, "a revert is a version of its own");
    assert_eq!(third["document"], first["document"]);
    assert_eq!(
        get("/api/policy/versions").as_array().map(Vec::len),
        Some(base as usize + 2),
        "every version is kept"
    );
    until("every instance says that it runs the reverted version", SOON, || {
        let status = lab.status();
        let behind = |process: &&Value| {
            process["policy_version"].as_u64().is_some_and(|version| version > 0 && version != base + 2)
        };
        match status["processes"].as_array().into_iter().flatten().find(behind) {
            None => Ok(()),
            Some(behind) => Err(behind.to_string()),
        }
    });
}

#[test]
fn a_policy_that_makes_no_sense_is_refused_with_every_problem() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let patch = json!({"services": {
        "paymnt": {"server": {"workers": 1}},
        "cart": {"server": {"workers": -1}},
        "order": {"calls": {"bank.charge": {"attempt_timeout": "1s"}}},
    }});
    let refused = change(&lab, &patch, None).expect(422).json();
    let problems = refused["problems"].as_array().expect("a list of problems");
    for path in ["services.paymnt", "services.cart.server.workers", "services.order.calls.bank.charge"] {
        let at = |problem: &&Value| problem["path"] == path;
        assert!(problems.iter().any(|problem| at(&problem)), "nothing about {path}: {refused}");
    }
    assert!(refused.to_string().contains("did you mean"), "{refused}");
    lab.say(&["policy", "set", "paymnt.server.workers=1", "--reason", "x"]).expect(104);
    assert_eq!(lab.status()["policy_version"], 1, "a refused policy is in force");
}
