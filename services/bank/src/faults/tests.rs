//! The clock is an argument, so nothing here waits.

use super::*;
use fault::{Latency, Path, Region, Span};
use std::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn slow() -> FaultSpec {
    FaultSpec::new(Effect::Latency(Latency::Fixed { value: Span::from_secs(30) }))
}

fn call(key: &str) -> Call {
    let (path, region) = (Path::Charge, Region::Main);
    Call { path, region, key: key.to_owned(), attempt: 0, received: Instant::now() }
}

fn changes(faults: &Faults) -> Vec<(What, String)> {
    faults.log().into_iter().map(|line| (line.change, line.id)).collect()
}

#[test]
fn applying_and_clearing_may_be_repeated() {
    let faults = Faults::default();
    assert_eq!(faults.apply(SECOND, "slow", slow()), Change::Applied);
    assert_eq!(faults.apply(2 * SECOND, "slow", slow()), Change::Renewed);
    assert_eq!(faults.clear(3 * SECOND, "slow", false), (true, 0));
    assert_eq!(faults.clear(3 * SECOND, "slow", false), (false, 0));
    let slow = || "slow".to_owned();
    assert_eq!(changes(&faults), [(What::Applied, slow()), (What::Cleared, slow())]);
}

#[test]
fn a_lease_that_ends_is_in_the_log_and_in_the_list() {
    let faults = Faults::default();
    faults.apply(SECOND, "slow", slow());
    assert_eq!(faults.renew(6 * SECOND, "slow"), Some(10 * SECOND));
    assert_eq!(faults.next_expiry(), Some(16 * SECOND));
    faults.expire(16 * SECOND);
    let list = faults.list(17 * SECOND);
    assert_eq!(list["faults"], json!([]));
    let ended = &list["ended"][0];
    assert_eq!((&ended["reason"], &ended["applied_for_ms"]), (&json!("expired"), &json!(15_000)));
    assert_eq!(ended["ended_ago_ms"], 1_000);
    assert_eq!(faults.renew(17 * SECOND, "slow"), None);
    assert_eq!(changes(&faults)[1].0, What::Expired);
}

#[test]
fn another_spec_under_the_id_ends_the_first() {
    let faults = Faults::default();
    faults.apply(SECOND, "slow", slow());
    let half = FaultSpec { share: 0.5, ..slow() };
    assert_eq!(faults.apply(2 * SECOND, "slow", half), Change::Replaced);
    let whats: Vec<What> = changes(&faults).into_iter().map(|(what, _)| what).collect();
    assert_eq!(whats, [What::Applied, What::Replaced, What::Applied]);
    assert_eq!(faults.list(2 * SECOND)["faults"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn clearing_leaves_old_calls_alone_unless_told_to_abort() {
    let faults = Faults::default();
    faults.apply(SECOND, "slow", slow());
    let (latency, hit) = faults.treatment(2 * SECOND, 7, &call("o1")).latency.unwrap();
    assert_eq!(latency, 30 * SECOND);
    assert_eq!(faults.clear(3 * SECOND, "slow", false), (true, 0));
    assert!(faults.treatment(3 * SECOND, 7, &call("o2")).latency.is_none());
    assert!(futures_util::poll!(Box::pin(hit.let_go())).is_pending());
    assert_eq!(faults.get(3 * SECOND, "slow").unwrap()["in_flight"], 1);
    // It has ended already, and can still be told to let go.
    assert_eq!(faults.clear(4 * SECOND, "slow", true), (false, 1));
    hit.let_go().await;
    drop(hit);
    assert_eq!(faults.get(4 * SECOND, "slow").unwrap()["in_flight"], 0);
}

#[tokio::test]
async fn a_hang_lets_its_calls_go_when_its_lease_ends() {
    let faults = Faults::default();
    faults.apply(SECOND, "hang", FaultSpec::new(Effect::Hang(fault::Hang {})));
    let (outcome, hit) = faults.treatment(2 * SECOND, 7, &call("o1")).outcome.unwrap();
    assert_eq!(outcome, fault::Outcome::Hang(fault::Hang {}));
    faults.expire(11 * SECOND);
    hit.let_go().await;
}

#[test]
fn what_ended_long_ago_is_forgotten() {
    let faults = Faults::default();
    for i in 0..=ENDED_KEPT {
        faults.apply(SECOND, &i.to_string(), slow());
    }
    assert_eq!(faults.clear_all(SECOND, true), (ENDED_KEPT + 1, 0));
    let list = faults.list(SECOND);
    assert_eq!(list["ended"].as_array().unwrap().len(), ENDED_KEPT);
    assert_eq!(list["ended"][0]["id"], "1");
}
