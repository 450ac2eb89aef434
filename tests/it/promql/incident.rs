//! The incident that is recorded: a lab under load in which one service is restarted by its operator, one process is
//! killed, one is frozen for some seconds, one gets a second instance for a while, and the bank is slow for a while.

use serde_json::json;
use tests::scrapes::{self, Scrape};
use tests::{Lab, Role, processes};

/// How long is scraped.
const SECONDS: u64 = 84;
/// Names a file that scrapes are kept in: written if it is not there, and else read instead of recording.
const KEEP: &str = "FIREDRILL_TEST_SCRAPES";

/// The scrapes of the incident.
pub(super) fn scrapes() -> Vec<Scrape> {
    let keep = std::env::var_os(KEEP).map(std::path::PathBuf::from);
    if let Some(kept) = keep.as_ref().and_then(|path| std::fs::read_to_string(path).ok()) {
        return scrapes::from_lines(&kept);
    }
    let scrapes = record();
    if let Some(path) = keep {
        std::fs::write(&path, scrapes::to_lines(&scrapes)).expect("the scrapes can be kept");
    }
    scrapes
}

fn record() -> Vec<Scrape> {
    let lab = Lab::up(&["--scale", "1/10"]);
    lab.sell(5.0);
    let act = |lab: &Lab, path: &str, body| {
        let _ = lab.ask(Role::Operator, "POST", path, Some(body)).expect(200);
    };
    let scale = |lab: &Lab, instances: u32| {
        act(lab, "/api/scale", json!({"service": "payment", "instances": instances, "reason": "to see"}));
    };
    let restart = |lab: &Lab| {
        act(lab, "/api/restart", json!({"targets": ["search"], "reason": "to see its counters fall"}));
    };
    let slow_bank = |lab: &Lab| {
        let spec = json!({"effect": {"latency": {"fixed": {"value": "400ms"}}}});
        let fault = json!({"target": "bank", "id": "slow", "spec": spec, "for_ms": 20_000});
        act(lab, "/api/faults", fault);
    };
    let frozen = lab.member("account").pid;
    scrapes::record(
        &lab,
        SECONDS,
        &[
            (10, &restart),
            (20, &|lab| processes::kill(lab.member("inventory").pid)),
            (30, &|_| processes::freeze(frozen)),
            (35, &|_| processes::thaw(frozen)),
            (40, &|lab| scale(lab, 2)),
            (42, &slow_bank),
            (55, &|lab| scale(lab, 1)),
            (64, &|lab| processes::kill(lab.member("cart").pid)),
        ],
    )
}
