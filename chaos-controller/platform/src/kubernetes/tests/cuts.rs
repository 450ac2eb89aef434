//! Partitions, on clusters with engines of each kind.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::fake::{Engine, Fake};
use super::super::probe::Probe as _;
use super::{Begun, effect, end, ground, lab};
use crate::guard::faults::Ground as _;

const CUT: &str = "firedrill-cut-payment-0";

#[tokio::test(start_paused = true)]
async fn a_partition_wins_against_the_policies_that_allow() {
    let (fake, ground) = lab().await;
    let reach = async |pod: &str| {
        let address = fake.object("pods", pod)["status"]["podIP"].as_str().unwrap().to_owned();
        Arc::clone(&fake).open(&address).await.is_some()
    };
    assert!(reach("payment-0").await);
    let mut cut = Begun::begin(&ground, "x", "payment-0", effect(json!({"disconnect": {}}))).await.unwrap();
    assert!(!reach("payment-0").await && reach("payment-1").await);
    cut.goes_on(20).await;
    assert_eq!(cut.told()["dose"]["within"], json!(true), "{:?}", cut.told());
    assert_eq!(ground.residue().await.len(), 3, "the label, the policy and the lease");
    end(&ground, &cut.kept).await;
    assert!(reach("payment-0").await);
    assert_eq!((ground.residue().await, fake.object("networkpolicies", CUT)), (Vec::new(), Value::Null));
}

#[tokio::test(start_paused = true)]
async fn who_is_started_again_in_a_partition_is_cut_off_too() {
    let (fake, ground) = lab().await;
    let mut cut = Begun::begin(&ground, "x", "payment-0", effect(json!({"disconnect": {}}))).await.unwrap();
    fake.remove("pods", "payment-0");
    cut.goes_on(5).await;
    assert_eq!(fake.object("pods", "payment-0")["metadata"]["labels"]["firedrill.io/connected"], "false");
    let payment = ground.pick("payment").await.unwrap();
    let again = ground.impossible(&effect(json!({"disconnect": {}})), &payment).await.unwrap();
    assert!(again.contains("payment-0 is cut off by a fault already"), "{again}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_enforces_nothing_is_found_out_and_left_as_it_was() {
    for (engine, words) in
        [(Engine::Absent, "no engine for NetworkPolicies"), (Engine::NewOnly, "cuts new connections only")]
    {
        let fake = Fake::new(engine);
        let ground = ground(&fake).await;
        let refused = Begun::begin(&ground, "x", "payment-0", effect(json!({"disconnect": {}}))).await;
        let refused = refused.err().unwrap().to_string();
        assert!(refused.contains(words), "{refused}");
        assert_eq!(ground.residue().await, Vec::<String>::new());
    }
}
