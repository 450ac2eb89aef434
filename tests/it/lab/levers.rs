//! The levers of the door and of degraded answers, on a lab that lives: how soon a switch is thrown everywhere, what a
//! user gets who is limited, shed, or answered with something old, and what is left of a page.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::http::{Answer, Ask};
use tests::site::SOON;
use tests::{Lab, Role, until};

/// From the write to the last request that is still affected.
const THROWN: Duration = Duration::from_secs(1);
/// Early enough to have read all counters by then.
const LOOK: Duration = Duration::from_millis(600);

fn set(lab: &Lab, patch: Value) -> Value {
    let body = json!({"patch": patch, "reason": "to see what it does"});
    lab.ask(Role::Candidate, "PATCH", "/api/policy", Some(body)).expect(200).json()
}

fn get(lab: &Lab, path: &str) -> Answer {
    Ask::get(&lab.frontend(), path).header("x-user", "u1").send().expect("the shop answers")
}

/// Where the instances of a service tell of themselves.
fn admins(lab: &Lab, service: &str) -> Vec<String> {
    lab.members().into_iter().filter(|member| member.service == service).map(|member| member.admin).collect()
}

fn sum(lab: &Lab, admins: &[String], name: &str, labels: &[(&str, &str)]) -> f64 {
    admins.iter().map(|admin| lab.metric(admin, name, labels).expect("a process tells its metrics")).sum()
}

/// Of all instances of a service together.
fn total(lab: &Lab, service: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    sum(lab, &admins(lab, service), name, labels)
}

fn is_stale(answer: &Answer) -> bool {
    answer.head.to_ascii_lowercase().contains("x-stale: 1")
}

/// I35. A call is counted when it ends, so what has ended by then has begun by then.
#[test]
fn a_switch_is_thrown_on_every_instance_within_a_second() {
    let lab = Lab::up(&["--scale", "1/10"]);
    lab.sell(20.0);
    let calls: [(&str, &str, &str, Value, Value); 2] = [
        (
            "order",
            "payment",
            "Charge",
            json!({"services": {"order": {"calls": {"payment.Charge": {"enabled": "off"}}}}}),
            json!({"services": {"order": {"calls": {"payment.Charge": {"enabled": "on"}}}}}),
        ),
        (
            "frontend",
            "cart",
            "Checkout",
            json!({"flags": {"checkout": "off"}}),
            json!({"flags": {"checkout": "on"}}),
        ),
    ];
    for (service, target, method, off, on) in calls {
        let labels = [("target", target), ("method", method)];
        let admins = admins(&lab, service);
        let sent = || sum(&lab, &admins, "lab_client_attempts_total", &labels);
        let before = sent();
        until("calls are made", SOON, || if sent() > before { Ok(()) } else { Err("none".to_owned()) });
        let written = Instant::now();
        set(&lab, off);
        std::thread::sleep(LOOK.saturating_sub(written.elapsed()));
        let at_the_limit = sent();
        let looked = written.elapsed();
        assert!(looked < THROWN, "{looked:?} is too late to tell");
        // Long enough for a hundred more, were it not thrown.
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(sent(), at_the_limit, "{service} still calls {target}.{method}");
        set(&lab, on);
        until("calls are made again", SOON, || match sent() {
            more if more > at_the_limit => Ok(()),
            _ => Err("none".to_owned()),
        });
    }
}

#[test]
fn a_user_who_is_limited_is_told_when_to_come_again_and_control_is_never_limited() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    set(
        &lab,
        json!({"services": {"frontend": {"server": {"rate_limits": {"/api/account": {"rate": 0.2, "burst": 1}}}}}}),
    );
    let limited = get(&lab, "/api/account").expect(429);
    assert!(limited.head.to_ascii_lowercase().contains("retry-after: 5"), "{}", limited.head);
    let _ = get(&lab, "/api/search").expect(200);
    let labels = [("method", "/api/account"), ("decision", "refused")];
    assert_eq!(total(&lab, "frontend", "lab_ratelimit_total", &labels), 1.0);

    // Between services it is a callee that has no room: an outage of ours, not the user's mistake.
    let account = json!({"account": {"server": {"rate_limits": {"*": {"rate": 0.2, "burst": 1}}}}, "frontend": {"server": null}});
    set(&lab, json!({"services": account}));
    let refused = get(&lab, "/api/account").expect(503);
    assert!(!refused.head.to_ascii_lowercase().contains("retry-after"), "{}", refused.head);

    // Nobody comes in anywhere, and yet every process is seen, told and up.
    let nobody = json!({"rate_limits": {"*": {"rate": 0.001, "burst": 1}}});
    set(&lab, json!({"services": {"*": {"server": nobody}}}));
    std::thread::sleep(Duration::from_secs(4));
    let _ = get(&lab, "/").expect(429);
    assert!(lab.members().iter().all(|member| member.state == "up"), "{:?}", lab.members());
    let version = set(&lab, json!({"services": {"*": null, "account": null}}));
    assert_eq!(version["applied"], version["instances"], "{version}");
    let _ = get(&lab, "/").expect(200);
}

#[test]
fn a_question_that_was_answered_before_is_answered_when_the_callee_is_gone_and_says_so() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let call =
        |service: &str, key: &str, policy: Value| json!({"services": {service: {"calls": {key: policy}}}});
    set(&lab, call("frontend", "search.Query", json!({"fallback": "stale", "stale_for": "60s"})));
    let fresh = get(&lab, "/api/search?q=lamp").expect(200);
    assert!(!is_stale(&fresh), "{}", fresh.head);
    set(&lab, call("frontend", "search.Query", json!({"enabled": "off"})));
    let old = get(&lab, "/api/search?q=lamp").expect(200);
    assert!(is_stale(&old), "{}", old.head);
    assert_eq!(old.json(), fresh.json());
    let _ = get(&lab, "/api/search?q=chair").expect(503);
    let labels = [("target", "search"), ("method", "Query"), ("kind", "stale")];
    assert_eq!(total(&lab, "frontend", "lab_fallback_total", &labels), 1.0);

    // A hop further down: what is old there is old for the user.
    set(&lab, call("frontend", "search.Query", json!({"enabled": "on"})));
    set(&lab, call("search", "inventory.Stock", json!({"fallback": "stale"})));
    assert!(!is_stale(&get(&lab, "/api/search?q=lamp").expect(200)));
    set(&lab, call("search", "inventory.Stock", json!({"enabled": "off"})));
    assert!(is_stale(&get(&lab, "/api/search?q=lamp").expect(200)));
    // And it was not kept on the way as if it were new: the frontend's own is the last that was.
    set(&lab, call("frontend", "search.Query", json!({"stale_for": "1ms", "enabled": "off"})));
    let _ = get(&lab, "/api/search?q=lamp").expect(503);
}

#[test]
fn a_page_without_a_feature_says_so_and_calls_nobody_for_it() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let searched = || total(&lab, "frontend", "lab_client_calls_total", &[("target", "search")]);
    assert!(!get(&lab, "/").expect(200).body.contains("data-off"));
    let before = searched();
    set(&lab, json!({"flags": {"home_search": "off", "home_cart": "off"}}));
    let page = get(&lab, "/").expect(200).body;
    assert!(page.contains("data-off=\"cart, products\"") && page.contains("firedrill-shop"), "{page}");
    assert_eq!(searched(), before);
    set(&lab, json!({"flags": {"prepare": "off"}}));
    let prepared = Ask::post(&lab.frontend(), "/api/checkout/prepare").header("x-user", "u1").send();
    let _ = prepared.expect("the shop answers").expect(503);
}

/// What is stamped at the frontend is what payment goes by: users who pay are served before those who are about to.
#[test]
fn an_overloaded_service_serves_those_who_pay_first() {
    let lab = Lab::up(&["--scale", "1/10"]);
    // Who came before this has no stamp.
    set(&lab, json!({"services": {"payment": {"server": {"shed": {}}}}}));
    lab.sell(20.0);
    // 45 charges a second come, and the bank takes 100 ms: 30 can be served, of a busy machine fewer.
    set(&lab, json!({"services": {"payment": {"server": {"workers": 3}}}}));
    let served = |method: &str| {
        let labels = [("rpc_method", method), ("rpc_response_status_code", "OK")];
        total(&lab, "payment", "rpc_server_call_duration_seconds_count", &labels)
    };
    let shed = |class: &str| {
        total(&lab, "payment", "lab_shed_total", &[("reason", "priority"), ("priority", class)])
    };
    until("users who pay are shed, too", Duration::from_secs(60), || match shed("critical") {
        some if some > 100.0 => Ok(()),
        few => Err(format!("{few}")),
    });
    let level = total(&lab, "payment", "lab_shed_level", &[]);
    assert!(level < 1.0, "while a payer is refused nobody else is let in: {level}");
    let worked = || total(&lab, "payment", "lab_workers_busy_seconds_total", &[]);
    let (prepared, paid, refused) = (served("ListMethods"), served("Charge"), shed("high"));
    let (began, before) = (Instant::now(), worked());
    std::thread::sleep(Duration::from_secs(8));
    let busy = (worked() - before) / began.elapsed().as_secs_f64() / 3.0;
    let (prepared, paid, refused) =
        (served("ListMethods") - prepared, served("Charge") - paid, shed("high") - refused);
    assert!(paid > 0.0 && busy > 0.5, "{paid} charges, and the workers are busy for {busy:.2} of the time");
    assert!(refused > 0.0 && prepared <= refused / 10.0, "{prepared} prepared, {refused} refused");
}
