//! A second attempt at a slow read, against several peers: I31, what it pays with, and what it tells the others of a loser.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::layers::testbed::{Bed, Does};

const HEDGES: &str = "lab_hedge_total";

/// A hedge after 20 ms, as often as needed, among policies that would hear of a failure at once.
fn touchy() -> Value {
    json!({"hedge": {"after": "20ms", "max_extra_share": 1}, "outlier": {"consecutive_failures": 1},
        "breaker": {"window": 1}})
}

/// How long it takes until an instance has been told to give up all that it was asked.
async fn told(bed: &Bed, instance: usize) -> Duration {
    let (began, asked) = (Instant::now(), bed.asked()[instance]);
    while bed.tallies[instance].reset.load(Ordering::Relaxed) < asked {
        assert!(began.elapsed() < Duration::from_secs(5), "a loser is not told that it lost");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    began.elapsed()
}

/// I31, and I32 as far as a test without load can tell: the slow one delays nobody, and is let off.
#[tokio::test]
async fn a_read_that_hangs_is_answered_by_another_instance_and_let_go_of() {
    let well = Does::Answers;
    let bed = Bed::new(touchy(), &[well, Does::Nothing, well, well]).await;
    let began = Instant::now();
    let mut let_go = Vec::new();
    for _ in 0..100 {
        let before = bed.asked()[1];
        assert_eq!(bed.calls(1).await, 1);
        if bed.asked()[1] > before {
            let_go.push(told(&bed, 1).await);
        }
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let hung = bed.asked()[1];
    assert!((20..=40).contains(&hung), "{hung} of 100 went there first");
    // A second attempt at it would have hung as well, and the call with it. On a busy machine others are late too.
    let sent = bed.metric(HEDGES, "sent");
    assert!(sent >= f64::from(hung) && bed.metric(HEDGES, "won") >= f64::from(hung), "{sent} for {hung}");
    assert_eq!(f64::from(bed.asked().iter().sum::<u32>()), 100.0 + sent);
    // Half of them at least; a machine that does something else may be late with one.
    let_go.sort_unstable();
    let median = let_go[let_go.len() / 2];
    assert!(median < Duration::from_millis(50), "the loser is told after {median:?}");
    assert_eq!(bed.metric("lab_ejected_instances", "payment"), 0.0, "to lose is no failure");
    assert_eq!(bed.metric("lab_breaker_state", "closed"), 1.0);
    assert_eq!(bed.metric("lab_client_attempts_total", "cancelled"), sent);
}

#[tokio::test]
async fn the_only_instance_is_asked_again() {
    let slow = Does::AnswersAfter(Duration::from_millis(80));
    let bed = Bed::new(touchy(), &[slow]).await;
    assert_eq!(bed.calls(3).await, 3);
    assert_eq!((bed.asked()[0], bed.metric(HEDGES, "lost")), (6, 3.0));
}

/// I31: the cap on extra attempts.
#[tokio::test]
async fn no_more_than_the_share_is_tried_twice() {
    let slow = Does::AnswersAfter(Duration::from_millis(10));
    let bed = Bed::new(json!({"hedge": {"after": "1ms", "max_extra_share": 0.1}}), &[slow, slow]).await;
    assert_eq!(bed.calls(50).await, 50);
    assert_eq!(bed.metric(HEDGES, "sent"), 5.0);
    assert_eq!(bed.metric(HEDGES, "refused_share"), 45.0);
}

#[tokio::test]
async fn a_hedge_pays_with_the_budget_of_the_retries() {
    let slow = Does::AnswersAfter(Duration::from_millis(10));
    let policy = json!({"hedge": {"after": "1ms", "max_extra_share": 1},
        "retry": {"budget": {"ratio": 0.2, "min_per_second": 0}}});
    let bed = Bed::new(policy, &[slow, slow]).await;
    assert_eq!(bed.calls(50).await, 50);
    assert_eq!((bed.metric(HEDGES, "sent"), bed.metric(HEDGES, "refused_budget")), (10.0, 40.0));
}

#[tokio::test]
async fn a_failure_is_the_call_s_only_if_both_fail() {
    let (slow, bad) = (Does::AnswersAfter(Duration::from_millis(900)), Does::Says(503));
    let policy = json!({"hedge": {"after": "300ms", "max_extra_share": 1}});
    let bed = Bed::new(policy.clone(), &[bad, slow]).await;
    // The slow one is asked first by every second call; the other fails at once, and is no hedge's business.
    assert_eq!(bed.calls(4).await, 2);
    assert_eq!((bed.metric(HEDGES, "sent"), bed.metric(HEDGES, "lost")), (2.0, 2.0));
    let bed =
        Bed::new(json!({"attempt_timeout": "600ms", "hedge": policy["hedge"]}), &[Does::Nothing; 2]).await;
    assert_eq!(bed.calls(2).await, 0);
    assert_eq!(bed.metric(HEDGES, "failed"), 2.0);
}
