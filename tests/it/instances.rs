//! Several instances of a service: they come, are found, share the calls, and go without anybody noticing; one that is
//! silent is found out by who calls it.

use std::time::Duration;

use serde_json::{Value, json};
use tests::http::Ask;
use tests::site::{Member, SOON};
use tests::{Lab, Role, until};

const THREE: [&str; 3] = ["payment-0", "payment-1", "payment-2"];

fn payments(lab: &Lab) -> Vec<Member> {
    lab.members().into_iter().filter(|member| member.service == "payment").collect()
}

/// Waits until these and no others are up.
fn until_up(lab: &Lab, wanted: &[&str]) -> Vec<Member> {
    until(&format!("{wanted:?} are up"), SOON, || {
        let there = payments(lab);
        let names: Vec<&str> = there.iter().map(|member| member.instance.as_str()).collect();
        let up = there.iter().all(|member| member.state == "up");
        if names == wanted && up { Ok(there) } else { Err(format!("{there:?}")) }
    })
}

fn served(lab: &Lab, member: &Member) -> f64 {
    let labels = [("rpc_method", "Charge")];
    lab.metric(&member.admin, "rpc_server_call_duration_seconds_count", &labels).unwrap_or_default()
}

/// Checkouts that users got answered otherwise than well.
fn refused(lab: &Lab) -> f64 {
    let frontend = lab.member("frontend").admin;
    let of = |status| {
        let labels = [("http_route", "/api/checkout"), ("http_response_status_code", status)];
        lab.metric(&frontend, "http_server_request_duration_seconds_count", &labels).unwrap_or_default()
    };
    ["500", "502", "503", "504"].into_iter().map(of).sum()
}

fn order_counts(lab: &Lab, name: &str, label: (&str, &str)) -> f64 {
    lab.metric(&lab.member("order").admin, name, &[("target", "payment"), label]).unwrap_or_default()
}

fn set(lab: &Lab, patch: Value) {
    let change = json!({"patch": patch, "reason": "a test"});
    let _ = lab.ask(Role::Operator, "PATCH", "/api/policy", Some(change)).expect(200);
}

#[test]
fn three_instances_come_share_the_calls_and_go_unnoticed() {
    let lab = Lab::up(&["--scale", "1/10"]);
    lab.sell(5.0);
    let before = refused(&lab);
    let _ = lab.say(&["scale", "payment=3", "-m", "to see"]).expect(0);
    let there = until_up(&lab, &THREE);
    until("every instance is called", SOON, || {
        let served: Vec<f64> = there.iter().map(|member| served(&lab, member)).collect();
        if served.iter().all(|calls| *calls > 0.0) { Ok(()) } else { Err(format!("{served:?}")) }
    });
    let counts = || there.iter().map(|member| served(&lab, member)).collect::<Vec<f64>>();
    let from = counts();
    lab.sell(90.0);
    let grown: Vec<f64> = counts().iter().zip(&from).map(|(now, then)| now - then).collect();
    let all: f64 = grown.iter().sum();
    assert!(grown.iter().all(|calls| (calls / all - 1.0 / 3.0).abs() < 0.1), "{grown:?} of {all}");

    let _ = lab.say(&["scale", "payment=1", "-m", "enough seen"]).expect(0);
    until_up(&lab, &THREE[..1]);
    lab.sell(20.0);
    assert_eq!(refused(&lab), before, "somebody noticed");
}

#[test]
fn what_keeps_its_state_is_not_scaled_and_says_what_to_do_instead() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    for service in ["order", "cart", "inventory"] {
        let said = lab.say(&["scale", &format!("{service}=2")]);
        assert_ne!(said.code, Some(0), "{said:?}");
        for part in ["keeps its state", "0 or 1", &format!("services.{service}.server.workers")] {
            assert!(said.stderr.contains(part), "{part} is not in: {}", said.stderr);
        }
    }
    assert_eq!(lab.members().iter().filter(|member| member.service == "order").count(), 1);
}

/// I33 and the reads of I32, live: with one of three frozen.
#[test]
fn a_silent_instance_is_ejected_by_charges_and_hedged_by_reads() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let _ = lab.say(&["scale", "payment=3"]).expect(0);
    let there = until_up(&lab, &THREE);
    set(
        &lab,
        json!({"services": {"order": {"calls": {
            "payment.Charge": {"attempt_timeout": "1s", "outlier": {"consecutive_failures": 1, "base_ejection": "5s"}},
            "payment.ListMethods": {"hedge": {"after": "300ms", "max_extra_share": 1}},
        }}}}),
    );
    let _ = lab.say(&["fault", "add", "payment-1", "--freeze", "--for", "60s", "--id", "silence"]).expect(0);
    let silent_from = served(&lab, &there[0]) + served(&lab, &there[2]);

    let ask = |path: &'static str| {
        let asked = Ask::post(&lab.frontend(), path).patience(Duration::from_secs(5)).send();
        asked.unwrap_or_else(|error| panic!("{path} was not answered: {error}")).expect(200)
    };
    // Each third of them meets the silent one, and none waits for it.
    for _ in 0..6 {
        let _ = ask("/api/checkout/prepare");
    }
    let won = order_counts(&lab, "lab_hedge_total", ("outcome", "won"));
    assert!(won >= 2.0, "{won} hedges won");
    // One charge finds it out; the others are spared.
    for _ in 0..6 {
        let _ = ask("/api/checkout");
    }
    let ejections = order_counts(&lab, "lab_ejections_total", ("reason", "consecutive_failures"));
    let failed = order_counts(&lab, "lab_client_attempts_total", ("outcome", "timeout"));
    assert_eq!((ejections, failed), (1.0, 1.0), "ejections, and charges that met it");
    assert_eq!(order_counts(&lab, "lab_ejected_instances", ("method", "Charge")), 1.0);
    assert!(served(&lab, &there[0]) + served(&lab, &there[2]) >= silent_from + 6.0);

    // Well again, it is taken back, on trial, when its time is over.
    let _ = lab.say(&["fault", "clear", "silence"]).expect(0);
    until("the ejection is over", SOON, || {
        let _ = ask("/api/checkout");
        let ejected = order_counts(&lab, "lab_ejected_instances", ("method", "Charge"));
        if ejected == 0.0 { Ok(()) } else { Err(format!("{ejected} ejected")) }
    });
    let from = until("it answers for its metrics", SOON, || {
        lab.metric(&there[1].admin, "rpc_server_call_duration_seconds_count", &[("rpc_method", "Charge")])
    });
    for _ in 0..6 {
        let _ = ask("/api/checkout");
    }
    assert!(served(&lab, &there[1]) >= from + 2.0, "who is well again is called again");
}
