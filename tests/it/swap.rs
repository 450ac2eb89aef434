//! A policy swapped while thousands of calls a second pass: nobody is lost, and no request sees two versions.
//!
//! What a swap must not do is hard to see in a unit test: drop what waits while an order of the queue changes, leave a
//! permit with a machine that was replaced, or let a request begin under one version and call under the next. So the
//! shop is sold out of at its full rate while its policy changes ten times a second.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::http::Ask;
use tests::{Lab, Role, exposition, until};

/// Calls a second between the services that make the swap worth its name.
const ENOUGH: f64 = 2_000.0;
const LASTS: Duration = Duration::from_secs(12);
const SWAPS: usize = 80;
const PAUSE: Duration = Duration::from_millis(100);

/// Every kind of policy, generous enough that a healthy shop notices none of them.
fn generous() -> Value {
    let queue = json!({"order": "adaptive_lifo", "wait": "20s", "limit": 20_000,
        "codel": {"target": "5s", "interval": "5s"}});
    let server = json!({
        "cancel": "all", "queue": queue, "deadline": {"floor": "1ms"}, "concurrency": {"initial": 1_000},
        "shed": {"target": "5s"}, "rate_limits": {"*": {"rate": 50_000, "burst": 5_000}},
    });
    let calls = json!({
        "attempt_timeout": "5s", "total_timeout": "20s", "propagate": "on", "bulkhead": 5_000,
        "concurrency": {"initial": 1_000}, "throttle": {"k": 10}, "balance": {"choice": "p2c"}, "outlier": {},
        "retry": {"max_retries": 2, "backoff": {"base": "10ms"}, "budget": {}},
        "breaker": {"slow_call_duration": "5s", "failure_rate": 0.9}, "layers": ["breaker", "retry"],
    });
    json!({"services": {
        "*": {"server": server, "calls": {"*": calls}},
        "payment": {"server": {"workers": 400, "bulkheads": {"Charge": 350}}},
        "frontend": {"deadline": "20s", "calls": {"search.Query": {"hedge": {}, "fallback": "stale"}}},
    }})
}

/// And all of it gone again.
fn plain() -> Value {
    json!({"services": {
        "*": null,
        "payment": {"server": {"workers": 200, "bulkheads": null}},
        "frontend": {"deadline": "off", "calls": null},
    }})
}

fn change(lab: &Lab, patch: Value) -> u64 {
    let body = json!({"patch": patch, "reason": "swapped under load"});
    let changed = lab.ask(Role::Operator, "PATCH", "/api/policy", Some(body)).expect(200).json();
    changed["version"].as_u64().expect("a change has a version")
}

/// Requests of users that ended, by outcome.
fn outcomes(lab: &Lab) -> BTreeMap<String, f64> {
    let text = Ask::get(&lab.member("traffic").admin, "/metrics").send().expect("the generator tells").body;
    let samples = exposition::parse(&text).expect("in the format of Prometheus");
    let mut outcomes = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.is("lab_user_requests_total", &[])) {
        *outcomes.entry(sample.labels["outcome"].clone()).or_default() += sample.value;
    }
    outcomes
}

/// Calls that the shop has made.
fn calls(lab: &Lab) -> f64 {
    let made = |admin: &str| lab.metric(admin, "lab_client_calls_total", &[]).unwrap_or_default();
    lab.members().iter().map(|member| made(&member.admin)).sum()
}

#[test]
fn a_swap_under_load_loses_nobody_and_mixes_no_versions() {
    let lab = Lab::up(&["--scale", "1"]);
    lab.sell(500.0);
    let (before, calls_before, began) = (outcomes(&lab), calls(&lab), Instant::now());
    let mut versions = BTreeSet::new();
    while began.elapsed() < LASTS || versions.len() < SWAPS {
        assert!(began.elapsed() < LASTS * 5, "{} swaps in {:?}", versions.len(), began.elapsed());
        for patch in [generous(), plain()] {
            versions.insert(change(&lab, patch));
            std::thread::sleep(PAUSE);
        }
    }
    let rate = (calls(&lab) - calls_before) / began.elapsed().as_secs_f64();
    assert!(rate > ENOUGH, "{rate:.0} calls/s are no load");
    let swaps = versions.len();

    // Whoever was under way ends before it is counted.
    let grown = until("the users under way are served", Duration::from_secs(20), || {
        let grown: BTreeMap<String, f64> = outcomes(&lab)
            .into_iter()
            .map(|(outcome, now)| (outcome.clone(), now - before.get(&outcome).copied().unwrap_or_default()))
            .filter(|(_, grown)| *grown > 0.0)
            .collect();
        if grown.values().sum::<f64>() >= rate { Ok(grown) } else { Err(format!("{grown:?}")) }
    });
    assert_eq!(grown.keys().collect::<Vec<_>>(), ["ok"], "users were lost to {swaps} swaps: {grown:?}");

    let (mut checked, mut seen, mut mixed) = (0, BTreeSet::new(), Vec::new());
    let list =
        lab.ask(Role::Observer, "GET", "/api/traces?limit=1000&last_ms=30000", None).expect(200).json();
    for found in list["traces"].as_array().into_iter().flatten() {
        let path = format!("/api/traces/{}", found["trace"].as_str().expect("an id"));
        let trace = lab.ask(Role::Observer, "GET", &path, None).expect(200).json();
        let spans: Vec<&Value> = trace["spans"].as_array().into_iter().flatten().collect();
        let parents: BTreeMap<&str, &Value> =
            spans.iter().filter_map(|span| Some((span["span"].as_str()?, *span))).collect();
        for call in spans.iter().filter(|span| span["kind"] == "client") {
            let Some(request) = call["parent"].as_str().and_then(|id| parents.get(id)) else { continue };
            let version = |span: &Value| span["attributes"]["policy.version"].as_u64();
            checked += 1;
            seen.extend(version(request));
            if version(call) != version(request) {
                mixed.push(format!("{request} called {call}"));
            }
        }
    }
    assert!(mixed.is_empty(), "{} of {checked} calls: {}", mixed.len(), mixed[0]);
    assert!(checked > 1_000 && seen.len() > 20, "{checked} calls of {} versions are no proof", seen.len());
    println!(
        "{swaps} swaps at {rate:.0} calls/s: {} users served, 0 lost; {checked} calls of {} versions, 0 mixed",
        grown["ok"],
        seen.len()
    );
}
