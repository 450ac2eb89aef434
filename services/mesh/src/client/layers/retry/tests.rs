//! Retries and their budget against a peer: I2, I5, I8 and I9 at the edge, and the traps of section 3.2.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::FailureKind;
use crate::client::layers::testbed::{Bed, Does};

const REFUSED: &str = "lab_client_refused_total";
const TOKENS: &str = "lab_retry_budget_tokens";

fn three(budget: Value) -> Value {
    json!({"retry": {"max_retries": 3, "budget": budget}})
}

/// An instance of gRPC's that fails with this code and this pushback.
const fn fails(headers: &'static [(&'static str, &'static str)]) -> Does {
    Does::Tells(200, headers)
}

/// I5.
#[tokio::test]
async fn three_retries_of_what_always_fails_are_four_attempts() {
    let bed = Bed::new(three(json!("off")), &[Does::Says(503)]).await;
    assert_eq!(bed.calls(25).await, 0);
    assert_eq!(bed.asked(), [100]);
    assert_eq!(bed.metric("lab_client_attempts_total", "error"), 100.0);
}

/// I5.
#[tokio::test]
async fn no_second_attempt_comes_before_the_callee_wants_one() {
    let cases: [(Does, u64); 3] = [
        (Does::Tells(503, &[("retry-after", "1")]), 1_000),
        (Does::Tells(429, &[("retry-after", "1")]), 1_000),
        (fails(&[("grpc-status", "14"), ("grpc-retry-pushback-ms", "150")]), 150),
    ];
    for (does, millis) in cases {
        // The backoff would wait for an hour.
        let backoff = json!({"base": "1h", "cap": "1h", "jitter": "none"});
        let bed = Bed::new(json!({"retry": {"max_retries": 1, "backoff": backoff}}), &[does]).await;
        let began = Instant::now();
        assert!(bed.call().await.is_err());
        assert!(began.elapsed() >= Duration::from_millis(millis), "{:?}", began.elapsed());
        assert_eq!(bed.asked(), [2]);
    }
}

/// The second trap of retries, and A6: whoever refuses for good says so, and what cannot be read is a no.
#[tokio::test]
async fn who_does_not_want_to_be_asked_again_is_not() {
    for pushback in [
        fails(&[("grpc-status", "14"), ("grpc-retry-pushback-ms", "-1")]),
        fails(&[("grpc-status", "8"), ("grpc-retry-pushback-ms", "soon")]),
    ] {
        let bed = Bed::new(three(json!("off")), &[pushback]).await;
        assert!(bed.call().await.is_err());
        assert_eq!((bed.asked(), bed.metric(REFUSED, "marked")), (vec![1], 1.0));
    }
}

/// tonic's own timeout is CANCELLED, not DEADLINE_EXCEEDED: answered, both are a 504.
#[tokio::test]
async fn an_answered_cancelled_is_no_more_worth_a_retry_than_an_answered_504() {
    for answered in [fails(&[("grpc-status", "1")]), fails(&[("grpc-status", "4")]), Does::Says(504)] {
        let bed = Bed::new(json!({"retry": {"max_retries": 3}, "breaker": {"window": 2}}), &[answered]).await;
        assert_eq!(bed.call().await.unwrap_err().kind, FailureKind::Answered);
        assert_eq!(bed.asked(), [1]);
        assert!(bed.call().await.is_err());
        assert_eq!(bed.metric("lab_breaker_state", "open"), 1.0, "it is the callee that failed");
    }
}

/// The other side of it: the timeout that is ours is worth one.
#[tokio::test]
async fn a_timeout_of_our_own_is_tried_again() {
    let policy = json!({"attempt_timeout": "20ms", "retry": {"max_retries": 2, "on": ["timeout"]}});
    let bed = Bed::new(policy, &[Does::Nothing]).await;
    assert_eq!(bed.call().await.unwrap_err().kind, FailureKind::Timeout);
    assert_eq!(bed.asked(), [3]);
}

/// I8 at the edge: one budget for all calls of a kind, and every retry that was not made is counted with its reason.
#[tokio::test]
async fn all_the_calls_of_an_edge_share_one_budget() {
    let bed = Bed::new(three(json!({"ratio": 0.2, "min_per_second": 0})), &[Does::Says(503)]).await;
    assert_eq!(bed.calls(100).await, 0);
    assert_eq!(bed.asked(), [120]);
    assert_eq!(bed.metric(REFUSED, "budget"), 100.0);
    assert_eq!(bed.metric(TOKENS, "payment"), 0.0);
}

/// I9 at the edge.
#[tokio::test]
async fn failures_empty_a_budget_of_tokens_and_successes_fill_it() {
    let bed = Bed::new(three(json!({"kind": "tokens"})), &[Does::Says(503)]).await;
    assert_eq!(bed.metric(TOKENS, "payment"), 10.0);
    assert_eq!(bed.calls(20).await, 0);
    assert_eq!(bed.asked(), [23]);
    // The first call used up its three retries; all others had none.
    assert_eq!((bed.metric(TOKENS, "payment"), bed.metric(REFUSED, "budget")), (0.0, 19.0));

    let bed = Bed::new(three(json!({"kind": "tokens"})), &[Does::Says(503), Does::Answers]).await;
    assert_eq!(bed.calls(5).await, 5, "the other instance answers the retry");
    assert_eq!(bed.metric(TOKENS, "payment"), 5.5, "-1 and +0.1 each");
    assert_eq!(bed.calls(2).await, 1, "at 4.5 there is no retry, but the next call has luck");
    assert_eq!(bed.metric(TOKENS, "payment"), 4.6);

    let bed = Bed::new(three(json!({"kind": "tokens"})), &[Does::Says(504)]).await;
    assert_eq!(bed.calls(20).await, 0);
    assert_eq!(bed.metric(TOKENS, "payment"), 10.0, "no retry could have helped");
}

/// I8: what a breaker refused was not sent, so it pays for no retry.
#[tokio::test]
async fn a_call_that_was_not_sent_earns_no_retry() {
    let budget = json!({"ratio": 1, "min_per_second": 0});
    let breaker = json!({"state": "forced_open"});
    let bed = Bed::new(
        json!({"retry": {"max_retries": 3, "budget": budget}, "breaker": breaker}),
        &[Does::Answers],
    )
    .await;
    assert_eq!((bed.calls(50).await, bed.asked()), (0, vec![0]));
    assert_eq!(bed.metric(TOKENS, "payment"), 0.0);
}

#[tokio::test]
async fn a_budget_that_is_off_shows_no_tokens() {
    let bed = Bed::new(three(json!("off")), &[Does::Says(503)]).await;
    assert_eq!(bed.calls(1).await, 0);
    assert!(!bed.has(TOKENS));
    let bed = Bed::new(three(json!({})), &[Does::Answers]).await;
    assert!(bed.has(TOKENS));
}

/// The caller holds its own caller until its total timeout, hence a 504 and not the 503 of its callee: the bank's slowness
/// climbs by this. A deadline that has no room for the retry ends the call at once.
#[tokio::test]
async fn the_total_timeout_cuts_the_wait_for_a_retry_off() {
    let backoff = json!({"base": "1h", "cap": "1h", "jitter": "none"});
    let retry = json!({"max_retries": 3, "backoff": backoff});
    let bed = Bed::new(json!({"total_timeout": "300ms", "retry": retry}), &[Does::Says(503)]).await;
    let began = Instant::now();
    assert_eq!(bed.call().await.unwrap_err().kind, FailureKind::Timeout);
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
    assert_eq!((bed.asked(), bed.metric(REFUSED, "deadline")), (vec![1], 0.0));

    let bed = Bed::new(json!({"retry": retry}), &[Does::Says(503)]).await;
    let failure = bed.call_within(Some(Duration::from_secs(60))).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable, "what the callee said");
    assert_eq!((bed.asked(), bed.metric(REFUSED, "deadline")), (vec![1], 1.0));
}

/// I2, on this side: what the callee would refuse is not sent, and no retry begins that is too late for it or for us.
#[tokio::test]
async fn nothing_is_sent_with_less_left_than_the_floor() {
    let second = Some(Duration::from_secs(1));
    let (callee, own) = (json!({"deadline": {"floor": "2s"}}), json!({"deadline": {"floor": "2s"}}));
    let calls = json!({"payment.ListMethods": {"retry": {"max_retries": 3}}});

    let services = json!({"payment": {"server": callee}, "order": {"calls": calls}});
    let bed = Bed::in_shop(services, &[Does::Answers]).await;
    assert!(bed.call_within(second).await.is_err());
    assert_eq!((bed.asked(), bed.metric(REFUSED, "deadline")), (vec![0], 1.0));
    assert!(bed.call_within(Some(Duration::from_secs(60))).await.is_ok());

    let services = json!({"order": {"server": own, "calls": calls}});
    let bed = Bed::in_shop(services, &[Does::Says(503)]).await;
    assert!(bed.call_within(second).await.is_err());
    assert_eq!((bed.asked(), bed.metric(REFUSED, "deadline")), (vec![1], 1.0), "the first is begun work");
}
