//! States, restarts, sizes, tokens.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::super::fake::{Engine, Fake};
use super::super::host::Pods;
use super::super::tokens;
use super::{Begun, effect, end, ground};
use crate::guard::host::{Host as _, HostError};
use crate::spec::SignalName;

const GRACE: Duration = Duration::from_secs(2);

async fn host() -> (Arc<Fake>, Pods) {
    let fake = Fake::new(Engine::Whole);
    let host = Pods::new(fake.cluster().await);
    (fake, host)
}

#[tokio::test(start_paused = true)]
async fn pods_are_told_as_processes_and_those_that_are_missing_too() {
    let (fake, host) = host().await;
    fake.remove("pods", "cart-0");
    let states = host.states(false).await;
    let told: Vec<(&str, &str)> = states.iter().map(|it| (it.instance.as_str(), it.state.as_str())).collect();
    let up = "up";
    assert_eq!(
        told,
        [("cart-0", "waiting"), ("order-0", up), ("payment-0", up), ("payment-1", up), ("guard", up)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_another_pod_but_books_stay_where_they_are() {
    let (fake, host) = host().await;
    let uid = |pod| fake.object("pods", pod)["metadata"]["uid"].clone();
    let (cart, order) = (uid("cart-0"), uid("order-0"));
    let targets = ["cart".to_owned(), "order-0".to_owned()];
    assert_eq!(host.restart(&targets, GRACE).await.unwrap(), ["cart-0", "order-0"]);
    assert_ne!(uid("cart-0"), cart);
    assert_eq!(uid("order-0"), order);
    let states = host.states(false).await;
    assert!(states.iter().any(|it| it.instance == "order-0" && it.restarts == 1 && it.state == "up"));
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_does_not_end_says_what_it_waits_for() {
    let (fake, host) = host().await;
    fake.node_is_dead();
    let failed = host.restart(&["cart".to_owned()], GRACE).await.unwrap_err();
    assert_eq!(failed.to_string(), "not within 25 s: cart-0 has not ended");
}

#[tokio::test(start_paused = true)]
async fn a_service_has_as_many_pods_as_were_asked_for_when_that_is_answered() {
    let (fake, host) = host().await;
    assert_eq!(host.scale("payment", 3, GRACE).await.unwrap(), ["payment-0", "payment-1", "payment-2"]);
    assert_eq!(host.scale("payment", 1, GRACE).await.unwrap(), ["payment-0"]);
    assert_eq!(fake.object("pods", "payment-1"), json!(null));
    assert!(matches!(host.scale("nobody", 1, GRACE).await, Err(HostError::Unknown(_))));
    let books = host.scale("order", 0, GRACE).await.unwrap_err().to_string();
    assert!(books.contains("keeps its books"), "{books}");
}

#[tokio::test(start_paused = true)]
async fn a_size_that_is_asked_for_in_a_fault_comes_after_it() {
    let (fake, host) = host().await;
    let ground = ground(&fake).await;
    let stop = Begun::begin(&ground, "x", "payment", effect(json!({"stop": {}}))).await.unwrap();
    assert_eq!(host.scale("payment", 3, GRACE).await.unwrap(), Vec::<String>::new());
    end(&ground, &stop.kept).await;
    assert_eq!(fake.object("statefulsets", "payment")["spec"]["replicas"], 3);
}

#[tokio::test(start_paused = true)]
async fn a_pod_can_be_killed_and_cannot_be_frozen() {
    let (_fake, host) = host().await;
    let targets = ["cart".to_owned()];
    assert_eq!(host.signal(&targets, SignalName::Kill).await.unwrap(), ["cart-0"]);
    assert!(matches!(host.signal(&targets, SignalName::Freeze).await, Err(HostError::NotHere(_))));
    assert!(matches!(host.down().await, Err(HostError::NotHere(_))));
}

#[tokio::test(start_paused = true)]
async fn the_first_guard_makes_the_tokens_and_the_next_ones_find_them() {
    let fake = Fake::new(Engine::Whole);
    let cluster = fake.cluster().await;
    let operator = tokens::ensure(&cluster).await.unwrap();
    assert_eq!(operator.len(), 32);
    assert_eq!(tokens::ensure(&cluster).await.unwrap(), operator);
    let team = fake.object("secrets", "firedrill-candidate");
    let keys: Vec<&String> = team["data"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["FIREDRILL_CANDIDATE_TOKEN", "FIREDRILL_OBSERVER_TOKEN"], "not the operator's");
    fake.change("secrets", "firedrill-tokens", &json!({"data": {"FIREDRILL_TOKEN": null}}));
    let lacks = tokens::ensure(&cluster).await.unwrap_err().to_string();
    assert!(lacks.contains("lacks FIREDRILL_TOKEN"), "{lacks}");
}
