//! Kill, stop, scale.

use serde_json::{Value, json};

use super::{Begun, effect, end, lab};
use crate::guard::faults::Ground as _;

#[tokio::test(start_paused = true)]
async fn a_killed_pod_is_gone_by_its_uid_and_another_one_comes() {
    let (fake, ground) = lab().await;
    let before = fake.object("pods", "payment-0");
    let mut kill =
        Begun::begin(&ground, "x", "payment", effect(json!({"kill": {"every": "10s"}}))).await.unwrap();
    kill.goes_on(9).await;
    let told = kill.told();
    assert_eq!(
        (&told["dose"]["requested"], &told["dose"]["delivered"]),
        (&json!(2.0), &json!(2.0)),
        "{told:?}"
    );
    assert!(told["gone_after_ms"].as_f64() >= Some(1_000.0), "its node gives a second: {told:?}");
    assert!(told["again_after_ms"].as_f64() >= told["gone_after_ms"].as_f64(), "{told:?}");
    assert_ne!(fake.object("pods", "payment-0")["metadata"]["uid"], before["metadata"]["uid"]);
    kill.goes_on(9).await;
    assert_eq!(kill.told()["hits"], 4);
    end(&ground, &kill.kept).await;
    assert_eq!(ground.residue().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_kill_that_no_node_hears_is_not_claimed() {
    let (fake, ground) = lab().await;
    fake.node_is_dead();
    let mut kill = Begun::begin(&ground, "x", "payment-0", effect(json!({"kill": {}}))).await.unwrap();
    kill.goes_on(30).await;
    let dose = &kill.told()["dose"];
    assert_eq!(
        (&dose["requested"], &dose["delivered"], &dose["within"]),
        (&json!(1.0), &json!(0.0), &json!(false))
    );
}

#[tokio::test(start_paused = true)]
async fn a_stopped_service_is_gone_until_the_fault_ends() {
    let (fake, ground) = lab().await;
    let mut stop = Begun::begin(&ground, "x", "payment", effect(json!({"stop": {}}))).await.unwrap();
    stop.goes_on(30).await;
    let told = stop.told();
    assert_eq!((&told["instances"], &told["dose"]["within"]), (&json!(0), &json!(true)), "{told:?}");
    assert!(told["dose"]["delivered"].as_f64() > Some(25_000.0), "{told:?}");
    let residue = ground.residue().await;
    assert_eq!(residue.len(), 2, "the replicas and the lease: {residue:?}");
    end(&ground, &stop.kept).await;
    assert_eq!(fake.object("statefulsets", "payment")["spec"]["replicas"], 2);
    assert_eq!(ground.residue().await, Vec::<String>::new());
    end(&ground, &stop.kept).await;
}

#[tokio::test(start_paused = true)]
async fn who_brings_a_stopped_service_back_sees_it_go_again() {
    let (fake, ground) = lab().await;
    let mut stop = Begun::begin(&ground, "x", "payment-1", effect(json!({"stop": {}}))).await.unwrap();
    stop.goes_on(5).await;
    assert_eq!(fake.object("pods", "payment-1"), Value::Null);
    assert_ne!(fake.object("pods", "payment-0"), Value::Null);
    fake.change("statefulsets", "payment", &json!({"spec": {"replicas": 2}}));
    stop.goes_on(5).await;
    assert_eq!(fake.object("pods", "payment-1"), Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_scaled_service_has_so_many_and_no_more() {
    let (fake, ground) = lab().await;
    let scale = effect(json!({"scale": {"to": 1}}));
    let mut scaled = Begun::begin(&ground, "x", "payment", scale).await.unwrap();
    scaled.goes_on(10).await;
    assert_eq!(scaled.told()["instances"], 1);
    end(&ground, &scaled.kept).await;
    assert_eq!(fake.object("statefulsets", "payment")["spec"]["replicas"], 2);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_to_pods_is_refused_with_what_can() {
    let (fake, ground) = lab().await;
    let mut refusals = Vec::new();
    for (target, document) in [
        ("payment", json!({"freeze": {}})),
        ("payment-0", json!({"stop": {}})),
        ("payment-0", json!({"scale": {"to": 0}})),
        ("order", json!({"kill": {}})),
    ] {
        let instances = ground.pick(target).await.unwrap();
        refusals.push(ground.impossible(&effect(document), &instances).await.unwrap_or_default());
    }
    for (refusal, words) in refusals.iter().zip([
        "allowed are kill, stop, disconnect, scale",
        "put it on `payment-1` or on `payment`",
        "put it on `payment`",
        "keeps its books in an emptyDir",
    ]) {
        assert!(refusal.contains(words), "{refusal}");
    }
    let payment = ground.pick("payment").await.unwrap();
    let stop = effect(json!({"stop": {}}));
    assert_eq!(ground.impossible(&stop, &payment).await, None);
    let _begun = Begun::begin(&ground, "x", "payment", stop.clone()).await.unwrap();
    let again = ground.impossible(&effect(json!({"scale": {"to": 0}})), &[]).await;
    assert_eq!(again.is_some(), fake.object("statefulsets", "payment")["spec"]["replicas"] == 0);
    assert!(ground.pick("nobody").await.unwrap_err().known.contains("cart-0, order-0"));
}
