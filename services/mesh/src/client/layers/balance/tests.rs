//! Which of several peers is asked, and which is left out: I33 and I34 at the edge.

use std::time::Duration;

use serde_json::json;

use crate::client::layers::testbed::{Bed, Does};

const BAD: Does = Does::Says(503);
const WELL: Does = Does::Answers;

#[tokio::test]
async fn without_a_policy_instances_take_turns() {
    let bed = Bed::new(json!({}), &[WELL, BAD, WELL]).await;
    assert_eq!(bed.calls(30).await, 20);
    assert_eq!(bed.asked(), [10, 10, 10]);
}

/// I33, on the wire.
#[tokio::test]
async fn an_instance_that_fails_is_ejected_and_its_share_goes_to_the_others() {
    let bed = Bed::new(json!({"outlier": {}}), &[WELL, BAD, WELL]).await;
    assert_eq!(bed.calls(60).await, 55, "five failures, and no more");
    assert_eq!(bed.asked()[1], 5);
    assert_eq!(bed.metric("lab_ejected_instances", "payment"), 1.0);
    assert_eq!(bed.metric("lab_ejections_total", "consecutive_failures"), 1.0);
}

/// I33: 429 is no reason; and of all that are bad none is spared.
#[tokio::test]
async fn too_many_requests_do_not_eject_and_when_all_are_bad_all_are_tried() {
    let bed = Bed::new(json!({"outlier": {}}), &[WELL, Does::Says(429), WELL]).await;
    assert_eq!(bed.calls(60).await, 40);
    let bed = Bed::new(json!({"outlier": {"max_ejection_percent": 100}}), &[BAD, BAD, BAD]).await;
    assert_eq!(bed.calls(60).await, 0);
    assert_eq!(bed.metric("lab_ejected_instances", "payment"), 3.0);
    assert!(bed.asked().iter().all(|asked| *asked >= 15), "{:?}", bed.asked());
}

#[tokio::test]
async fn a_refusal_of_ours_ejects_nobody() {
    let policy = json!({"outlier": {"consecutive_failures": 1}, "breaker": {"state": "forced_open"},
        "layers": ["balance", "breaker"]});
    let bed = Bed::new(policy, &[WELL, WELL]).await;
    assert_eq!(bed.calls(20).await, 0);
    assert_eq!(bed.metric("lab_ejections_total", "consecutive_failures"), 0.0);
}

#[tokio::test]
async fn who_has_left_is_asked_no_more() {
    let policy = json!({"outlier": {"consecutive_failures": 1}});
    let bed = Bed::new(policy, &[BAD, WELL, WELL]).await;
    bed.calls(9).await;
    assert_eq!(bed.metric("lab_ejected_instances", "payment"), 1.0);
    bed.leave(0);
    assert_eq!(bed.calls(10).await, 10);
    assert_eq!((bed.asked()[0], bed.metric("lab_ejected_instances", "payment")), (1, 0.0));
}

#[tokio::test]
async fn the_better_of_two_gets_most() {
    let slow = Does::AnswersAfter(Duration::from_millis(30));
    let bed = Bed::new(json!({"balance": {"choice": "p2c", "default_latency": "1ms"}}), &[WELL, slow]).await;
    assert_eq!(bed.calls(100).await, 100);
    assert!(bed.asked()[1] <= 10, "{:?}", bed.asked());
}

#[tokio::test]
async fn the_span_of_an_attempt_names_who_was_asked() {
    for policy in [json!({}), json!({"outlier": {"failure_rate": 0.5}})] {
        let bed = Bed::new(policy, &[BAD, BAD]).await;
        bed.calls(2).await;
        let mut asked = bed.spans.values("peer.instance");
        asked.sort();
        assert_eq!(asked, ["payment-0", "payment-1"]);
    }
}
