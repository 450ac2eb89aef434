//! The breaker against a peer: I11 and I14 at the edge, and pitfalls e and f.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::TraceId;
use prometheus::Registry;
use resilience::Call;
use resilience::breaker::{BreakerPolicy, Outcome};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::FailureKind;
use crate::client::edge::Edge;
use crate::client::layers::testbed::{Bed, Does};
use crate::metrics::ClientMetrics;

const STATE: &str = "lab_breaker_state";

fn fails(headers: &'static [(&'static str, &'static str)]) -> Does {
    Does::Tells(200, headers)
}

/// I11 at the edge: the places of probes are exact, what is refused costs no I/O, and a caller that leaves gives its
/// place back.
#[tokio::test]
async fn of_a_crowd_as_many_as_there_are_probes_get_through_and_those_who_leave_make_room() {
    let breaker =
        json!({"window": 1, "slow_call_duration": "1s", "open_for": "10ms", "half_open_for": "off"});
    let bed = Arc::new(Bed::new(json!({"breaker": breaker}), &[Does::Nothing]).await);
    // It never answers; at 1 s it has become slow, and that opens the breaker.
    assert!(tokio::time::timeout(Duration::from_millis(1_050), bed.call()).await.is_err());
    assert_eq!(bed.metric(STATE, "open"), 1.0);
    tokio::time::sleep(Duration::from_millis(20)).await;
    for round in 1..=2 {
        let mut crowd = JoinSet::new();
        for _ in 0..100 {
            let bed = Arc::clone(&bed);
            crowd.spawn(async move { bed.call().await.is_ok() });
        }
        for _ in 0..90 {
            assert!(!crowd.join_next().await.unwrap().unwrap(), "ten wait, the others are refused at once");
        }
        assert_eq!(bed.metric("lab_breaker_rejected_total", "payment"), f64::from(90 * round));
        crowd.shutdown().await;
    }
    assert_eq!(bed.metric("lab_client_attempts_total", "cancelled"), 21.0);
    assert_eq!(bed.metric(STATE, "half_open"), 1.0);
}

/// I11 and I14 at the edge, of a callee whose silence nothing ends but the deadline of the request.
#[tokio::test]
async fn an_attempt_that_the_deadline_ends_is_the_callees_failure_and_a_probe_s_verdict() {
    let breaker = json!({"window": 4, "open_for": "10ms", "half_open_calls": 2});
    let bed =
        Bed::new(json!({"breaker": breaker, "outlier": {"consecutive_failures": 4}}), &[Does::Nothing]).await;
    let soon = Some(Duration::from_millis(100));
    for _ in 0..4 {
        assert_eq!(bed.call_within(soon).await.unwrap_err().kind, FailureKind::Timeout);
    }
    assert_eq!((bed.asked(), bed.metric(STATE, "open")), (vec![4], 1.0));
    assert_eq!(bed.metric("lab_client_attempts_total", "timeout"), 4.0);
    assert_eq!(bed.metric("lab_ejections_total", "consecutive_failures"), 1.0);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(bed.call_within(soon).await.is_err());
    assert_eq!((bed.asked(), bed.metric(STATE, "open")), (vec![5], 1.0), "half of the probes: they decide");
}

/// Pitfall c of breakers: the only timer is that of the whole call, and the callee hangs.
#[tokio::test]
async fn an_attempt_that_the_total_timeout_ends_is_the_callees_failure() {
    let policy = json!({"total_timeout": "50ms", "retry": {"max_retries": 3}, "breaker": {"window": 4},
        "outlier": {"consecutive_failures": 4}});
    let bed = Bed::new(policy, &[Does::Nothing]).await;
    for call in 1..=4 {
        assert_eq!(bed.call().await.unwrap_err().kind, FailureKind::Timeout);
        assert_eq!(bed.asked(), [call], "nothing is tried again when the time is over");
    }
    assert_eq!(bed.metric(STATE, "open"), 1.0);
    assert_eq!(bed.metric("lab_client_attempts_total", "timeout"), 4.0);
    assert_eq!(bed.metric("lab_ejections_total", "consecutive_failures"), 1.0);
}

/// Pitfall e of breakers: outside the retries it sees one failure where inside them it sees four.
#[tokio::test]
async fn a_breaker_around_the_retries_opens_after_four_times_the_attempts() {
    let with =
        |layers: Value| json!({"retry": {"max_retries": 3}, "breaker": {"window": 8}, "layers": layers});
    let inside = Bed::new(with(json!([])), &[Does::Says(503)]).await;
    inside.calls(10).await;
    let outside = Bed::new(with(json!(["breaker", "retry"])), &[Does::Says(503)]).await;
    outside.calls(10).await;
    assert_eq!((inside.asked(), outside.asked()), (vec![8], vec![32]));
}

/// I14 at the edge, and pitfall f of breakers.
#[tokio::test]
async fn refusals_by_a_limit_open_a_breaker_and_a_no_does_not() {
    let breaker = || json!({"breaker": {"window": 4}});
    for limit in [Does::Says(429), fails(&[("grpc-status", "8")])] {
        let bed = Bed::new(breaker(), &[limit]).await;
        bed.calls(10).await;
        assert_eq!((bed.asked(), bed.metric(STATE, "open")), (vec![4], 1.0));
    }
    for no in [Does::Says(404), fails(&[("grpc-status", "9")])] {
        let bed = Bed::new(breaker(), &[no]).await;
        bed.calls(10).await;
        assert_eq!((bed.asked(), bed.metric(STATE, "closed")), (vec![10], 1.0));
    }
}

/// What it saw before it was turned off is old, and what is still out from then says nothing of now.
#[test]
fn a_breaker_that_is_turned_on_again_begins_anew() {
    let metrics = ClientMetrics::new(&Registry::new()).unwrap();
    let edge = Edge::new("payment", "Charge", &metrics);
    let on =
        Call { breaker: Some(BreakerPolicy { window: 2, ..BreakerPolicy::default() }), ..Call::default() };
    let pass = || edge.breaker.pass(&edge, TraceId::INVALID);
    let fail = || pass().unwrap().unwrap().record(Outcome::Failure);
    edge.configure(&on);
    let early = pass().unwrap().unwrap();
    fail();
    fail();
    assert_eq!((edge.breaker.state(), pass().is_err()), (Some("open"), true));
    edge.configure(&Call::default());
    assert_eq!(edge.breaker.state(), None);
    edge.configure(&on);
    assert_eq!(edge.breaker.state(), Some("closed"));
    fail();
    early.record(Outcome::Failure);
    assert_eq!(edge.breaker.state(), Some("closed"), "one of two");
    fail();
    assert_eq!(edge.breaker.state(), Some("open"));
}

#[tokio::test]
async fn a_breaker_that_only_watches_counts_its_moves_and_refuses_nothing() {
    let breaker = json!({"window": 4, "state": "metrics_only"});
    let bed = Bed::new(json!({"breaker": breaker}), &[Does::Says(503)]).await;
    bed.calls(10).await;
    assert_eq!((bed.asked(), bed.metric(STATE, "metrics_only")), (vec![10], 1.0));
    assert_eq!(bed.metric("lab_breaker_transitions_total", "open"), 1.0, "closed to open, once");
    assert_eq!(bed.metric("lab_client_refused_total", "breaker"), 0.0);
}
