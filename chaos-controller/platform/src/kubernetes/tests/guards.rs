//! Leases: kept before anything is done, and ended by whichever guard is there.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Begun, effect, end, ground, lab};
use crate::guard::faults::{Desk, Ground as _};

#[tokio::test(start_paused = true)]
async fn a_lease_is_written_before_the_fault_acts() {
    let (fake, ground) = lab().await;
    let stop = effect(json!({"stop": {}}));
    let begun = Begun::begin(&ground, "x", "payment", stop).await.unwrap();
    let patched = |resource| fake.asked("patch", resource);
    assert_eq!(
        (patched("configmaps"), patched("statefulsets")),
        (vec!["firedrill-leases".to_owned()], vec!["payment".to_owned()])
    );
    let annotations = fake.object("configmaps", "firedrill-leases")["metadata"]["annotations"].clone();
    let lease: Value = serde_json::from_str(annotations["firedrill.io/fault-x"].as_str().unwrap()).unwrap();
    assert_eq!((&lease["undo"]["before"], &lease["deadline_unix_ms"]), (&json!(2), &json!(1)));
    assert_eq!(ground.kept().await.unwrap(), std::slice::from_ref(&begun.kept));
}

#[tokio::test(start_paused = true)]
async fn the_next_guard_ends_what_a_dead_one_left() {
    let (fake, first) = lab().await;
    for (id, target, document) in
        [("one", "payment", json!({"stop": {}})), ("two", "cart-0", json!({"disconnect": {}}))]
    {
        // Dropped where it is: nobody undoes it.
        drop(Begun::begin(&first, id, target, effect(document)).await.unwrap());
    }
    assert_eq!(first.residue().await.len(), 5);
    let next = Desk::new(Arc::new(ground(&fake).await));
    assert_eq!(next.resume().await.unwrap(), 2);
    let leases = tokio::spawn(Arc::clone(&next).end_leases());
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    leases.abort();
    assert_eq!(first.residue().await, Vec::<String>::new());
    assert_eq!(fake.object("statefulsets", "payment")["spec"]["replicas"], 2);
}

#[tokio::test(start_paused = true)]
async fn half_of_a_fault_can_be_undone_and_what_is_undone_too() {
    let (fake, ground) = lab().await;
    let cut = Begun::begin(&ground, "x", "payment-0", effect(json!({"disconnect": {}}))).await.unwrap();
    fake.remove("networkpolicies", "firedrill-cut-payment-0");
    end(&ground, &cut.kept).await;
    end(&ground, &cut.kept).await;
    assert_eq!(ground.residue().await, Vec::<String>::new());
}
