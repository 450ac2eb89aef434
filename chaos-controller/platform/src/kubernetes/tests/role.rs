//! The Role that is shipped holds what the guard asks for, and nothing else. That it holds enough is in every other test:
//! the fake refuses the rest.

use std::time::Duration;

use serde_json::json;

use super::super::host::Pods;
use super::super::tokens;
use super::{Begun, effect, end, lab};
use crate::guard::faults::Ground as _;
use crate::guard::host::Host as _;

#[tokio::test(start_paused = true)]
async fn the_guard_asks_for_all_that_the_role_lists() {
    let (fake, ground) = lab().await;
    let cluster = fake.cluster().await;
    tokens::ensure(&cluster).await.unwrap();
    let host = Pods::new(cluster);
    host.restart(&["payment-0".to_owned(), "order-0".to_owned()], Duration::from_secs(1)).await.unwrap();
    for document in [json!({"disconnect": {}}), json!({"stop": {}})] {
        let fault = Begun::begin(&ground, "x", "payment", effect(document)).await.unwrap();
        end(&ground, &fault.kept).await;
    }
    assert_eq!(ground.residue().await, Vec::<String>::new());
    assert_eq!(fake.idle(), Vec::<String>::new());
}
