//! The bank's faults by hand, as `curl` would: only with the operator's token, as slow as was asked for, never early,
//! and gone when they are cleared.

use std::time::Duration;

use serde_json::{Value, json};
use tests::http::{Answer, Ask};
use tests::site::{Member, SOON};
use tests::{Lab, Role, until};

const DOSE: Duration = Duration::from_millis(400);
/// What a connection, a parser and a neighbour's burst may add to the median: the drill's own 5 %.
const LATE: Duration = Duration::from_millis(20);
const CALLS: usize = 15;

fn lab() -> (Lab, Member) {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let bank = lab.member("bank");
    (lab, bank)
}

fn charge(bank: &Member, reference: &str, dry_run: bool) -> Answer {
    let body = json!({"reference": reference, "amount_cents": 100, "dry_run": dry_run});
    Ask::post(&bank.traffic, "/charges").body(body).send().expect("the bank answers")
}

fn fault(effect: &Value) -> Value {
    json!({"id": "by-hand", "effect": effect, "lease": "20s"})
}

fn median(calls: impl Fn(usize) -> Answer) -> (Duration, Duration) {
    let mut took: Vec<Duration> = (0..CALLS).map(|number| calls(number).took).collect();
    took.sort_unstable();
    (took[0], took[CALLS / 2])
}

#[test]
fn nobody_but_the_operator_makes_the_bank_sick() {
    let (lab, bank) = lab();
    let body = fault(&json!({"latency": {"fixed": {"value": "1s"}}}));
    let ask = |method: &'static str, path: &str| Ask::new(method, &bank.admin, path).body(&body);
    for (method, path) in [
        ("GET", "/faults"),
        ("POST", "/faults"),
        ("DELETE", "/faults"),
        ("DELETE", "/faults/by-hand"),
        ("PUT", "/faults/by-hand/lease"),
        ("GET", "/faults/log"),
        ("GET", "/ledger"),
    ] {
        let without = ask(method, path).send().expect("the bank answers");
        assert_eq!(without.status, 401, "{method} {path} without a token: {}", without.body);
        for role in [Role::Candidate, Role::Observer, Role::Process] {
            let answer = ask(method, path).token(&lab.token(role)).send().expect("the bank answers");
            assert_eq!(answer.status, 401, "{method} {path} as {role:?}: {}", answer.body);
        }
    }
    let list =
        Ask::get(&bank.admin, "/faults").token(&lab.token(Role::Operator)).send().expect("the bank answers");
    assert_eq!(list.expect(200).json()["faults"], json!([]), "a refused fault is in force");
}

#[test]
fn a_slow_bank_is_as_slow_as_it_was_told_and_never_faster() {
    let (lab, bank) = lab();
    let operator = lab.token(Role::Operator);
    let (_, before) = median(|number| charge(&bank, &format!("before-{number}"), true).expect(200));
    assert!(before < DOSE / 2, "the bank was slow before: {before:?}");

    let slow = fault(&json!({"latency": {"fixed": {"value": format!("{}ms", DOSE.as_millis())}}}));
    let apply =
        || Ask::post(&bank.admin, "/faults").token(&operator).body(&slow).send().expect("the bank answers");
    let _ = apply().expect(201);
    let _ = apply().expect(200);
    let (least, most) = median(|number| charge(&bank, &format!("during-{number}"), true).expect(200));
    assert!(least >= DOSE, "an answer came after {least:?}, before its {DOSE:?}");
    assert!(most <= DOSE + LATE, "half of the answers took more than {most:?}");
    // What the bank measured is what its caller saw.
    let listed = Ask::get(&bank.admin, "/faults/by-hand").token(&operator).send().expect("the bank answers");
    let listed = listed.expect(200).json();
    assert_eq!(listed["hits"], CALLS, "{listed}");
    assert!(listed["error_us"]["min"].as_f64() >= Some(0.0), "the bank was early: {listed}");
    // A user feels it through the whole shop.
    let checkout = Ask::post(&lab.frontend(), "/api/checkout").send().expect("the shop answers").expect(200);
    assert!(checkout.took >= DOSE, "a checkout took {:?} while the bank takes {DOSE:?}", checkout.took);

    let _ = Ask::new("DELETE", &bank.admin, "/faults/by-hand")
        .token(&operator)
        .send()
        .expect("the bank answers")
        .expect(200);
    let (_, after) = median(|number| charge(&bank, &format!("after-{number}"), true).expect(200));
    assert!(after < DOSE / 2, "the bank is still slow: {after:?}");
}

#[test]
fn a_bank_that_commits_and_then_fails_has_charged() {
    let (lab, bank) = lab();
    let operator = lab.token(Role::Operator);
    let fails = fault(&json!({"commit_then_fail": {"status": 502}}));
    let _ = Ask::post(&bank.admin, "/faults")
        .token(&operator)
        .body(&fails)
        .send()
        .expect("the bank answers")
        .expect(201);
    let _ = charge(&bank, "paid-and-not-told", false).expect(502);
    let charges = tests::ledgers::lines(&bank.admin, &operator);
    let of = charges.iter().filter(|charge| charge["reference"] == "paid-and-not-told").count();
    assert_eq!(of, 1, "{charges:?}");
}

#[test]
fn a_fault_of_the_command_line_is_listed_with_its_dose_and_ends_when_it_is_cleared() {
    let (lab, bank) = lab();
    lab.say(&["fault", "add", "bank", "--latency", "200ms", "--id", "typed"]).expect(0);
    let answer = charge(&bank, "typed", true).expect(200);
    assert!(answer.took >= Duration::from_millis(200), "{:?}", answer.took);
    let list = lab.say(&["fault", "list", "--output", "json"]).expect(0).json();
    assert_eq!(
        (&list["faults"][0]["id"], &list["faults"][0]["hits"]),
        (&json!("typed"), &json!(1)),
        "{list}"
    );
    lab.say(&["fault", "clear", "typed"]).expect(0);
    until("the fault is listed as cleared", SOON, || {
        let list = lab.say(&["fault", "list", "--output", "json"]).expect(0).json();
        let cleared = list["faults"] == json!([]) && list["ended"][0]["reason"] == "cleared";
        if cleared { Ok(()) } else { Err(list.to_string()) }
    });
    lab.say(&["fault", "add", "bank", "--latency", "cauchy:1s/2s"]).expect(104);
}
