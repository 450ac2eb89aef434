//! Somebody dies in the middle of a fault, and it ends all the same: by its lease, where it acts.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::{processes, until};

use super::{AGAIN, Harbour};
use crate::faults::add;

/// The lease of these faults, and what a busy machine may add.
const LEASE: Duration = Duration::from_secs(4);
const LATE: Duration = Duration::from_secs(4);

fn paused(harbour: &Harbour, service: &str) -> bool {
    harbour.inspect(service)["State"]["Paused"] == true
}

#[test]
fn a_fault_ends_with_its_lease_whether_the_controller_dies_or_the_guard_or_both() {
    let Some(harbour) = Harbour::up() else { return };

    // The controller: nobody renews the lease any more.
    add(&harbour.site, "one", "payment-0 --freeze --lease 4s");
    assert!(paused(&harbour, "payment"));
    harbour.engine.say(&["kill", &harbour.name("controller")]);
    let killed = Instant::now();
    until("payment is let go", LEASE + LATE, || {
        if paused(&harbour, "payment") { Err("paused".into()) } else { Ok(()) }
    });
    assert_eq!(
        harbour.guard("GET", "/faults", json!({}))["ended"][0]["reason"],
        "expired",
        "{:?}",
        killed.elapsed()
    );
    harbour.until_clean();

    // Back, over the same containers.
    let pid = harbour.inspect("bank")["State"]["Pid"].clone();
    harbour.site.say(&["up", "--platform", "docker"]).expect(0);
    assert_eq!(harbour.inspect("bank")["State"]["Pid"], pid, "the bank was started anew");
    harbour.sells();

    // Controller and guard: the engine starts the guard again, and that one finds what the first one kept.
    let address = harbour.address("cart");
    add(&harbour.site, "two", "cart-0 --disconnect --lease 4s");
    add(&harbour.site, "three", "search-0 --memory-squeeze 96MiB --lease 4s");
    assert_eq!(harbour.address("cart"), "");
    harbour.engine.say(&["kill", &harbour.name("controller")]);
    let guard = harbour.inspect("guard")["State"]["Pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
    let guard = guard.expect("the guard has a process");
    processes::kill(guard);
    until("the guard is another process", AGAIN, || {
        let state = harbour.inspect("guard")["State"].clone();
        let another = state["Running"] == true && state["Pid"] != guard;
        if another { Ok(()) } else { Err(state.to_string()) }
    });
    until("cart is connected again", LEASE + AGAIN, || match harbour.address("cart") {
        now if now == address => Ok(()),
        now => Err(now),
    });
    until("search may hold what it might", LEASE + AGAIN, || {
        let config = harbour.inspect("search")["HostConfig"].clone();
        let limits = json!([config["Memory"], config["MemorySwap"]]);
        if limits == json!([128 << 20, 128 << 20]) { Ok(()) } else { Err(limits.to_string()) }
    });
    harbour.until_clean();

    harbour.site.say(&["up", "--platform", "docker"]).expect(0);
    harbour.sells();
    harbour.down();
}
