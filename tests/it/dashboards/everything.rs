//! A lab in which every policy is on that shows itself in a metric, with a second region, an instance that is silent and a
//! bank that is slow: scraped for some seconds, with its book open.

use std::collections::BTreeSet;

use evidence::samples::Samples;
use serde_json::json;
use tests::{Lab, Role, repo, scrapes};

/// How long is scraped; what is done when.
const SECONDS: u64 = 24;
const SLOW: u64 = 3;
const SHORT: u64 = 5;
const CHANGED: u64 = 8;
const SILENT: u64 = 10;

/// What was scraped of it, the controller included.
pub(super) fn samples() -> Samples {
    // The drill whose bank has two regions.
    let lab =
        Lab::of(&repo::drill("flapping-bank"), &["--variant", "smoke", "--scale", "1/10", "--open-book"]);
    let act = |lab: &Lab, method, path: &str, body| {
        let _ = lab.ask(Role::Operator, method, path, Some(body)).expect(200);
    };
    act(&lab, "POST", "/api/scale", json!({"service": "payment", "instances": 2, "reason": "to see"}));
    lab.sell(5.0);
    let slow_bank = |lab: &Lab| {
        let spec = json!({"effect": {"latency": {"fixed": {"value": "1s"}}}});
        act(
            lab,
            "POST",
            "/api/faults",
            json!({"target": "bank", "id": "slow", "spec": spec, "for_ms": 12_000}),
        );
    };
    let silence = |lab: &Lab| {
        let spec = json!({"effect": {"freeze": {}}});
        let fault = json!({"target": "payment-1", "id": "silent", "spec": spec, "for_ms": 6_000});
        act(lab, "POST", "/api/faults", fault);
    };
    // Half of what the bank takes: it passes for every checkout.
    let hurry = |lab: &Lab| {
        let patch = json!({"services": {"frontend": {"deadline": "500ms"}}});
        act(lab, "PATCH", "/api/policy", json!({"patch": patch, "reason": "a deadline alone"}));
    };
    let change = |lab: &Lab| {
        act(lab, "PATCH", "/api/policy", json!({"patch": policies(), "reason": "everything at once"}));
    };
    let deeds: [scrapes::Deed<'_>; 4] =
        [(SLOW, &slow_bank), (SHORT, &hurry), (CHANGED, &change), (SILENT, &silence)];
    let scrapes = scrapes::record(&lab, SECONDS, &deeds);
    let services: BTreeSet<&str> = scrapes.iter().map(|scrape| scrape.service.as_str()).collect();
    assert_eq!(services.len(), 10, "eight services, traffic and the controller: {services:?}");
    scrapes::samples(&scrapes)
}

/// Everything that has a metric of its own and is off in the drills.
fn policies() -> serde_json::Value {
    let bank = json!({
        "attempt_timeout": "400ms", "idempotency": "on", "concurrency": {}, "shift": {"second": 0.25},
        "breaker": {"window": 20, "minimum_calls": 10, "slow_call_duration": "300ms", "open_for": "1s"},
    });
    let payment = json!({
        "server": {"concurrency": {}, "shed": {}, "rate_limits": {"Charge": {"rate": 30}}, "queue": {"limit": 50}},
        "calls": {"bank.charge": bank, "bank.lookup": {"shift": {"second": 0.25}}},
    });
    let order = json!({
        "settler": {"rate": 20},
        "calls": {
            "payment.Charge": {
                "attempt_timeout": "600ms", "fallback": "pending", "retry": {"max_retries": 2, "budget": {}},
                "outlier": {"consecutive_failures": 1, "base_ejection": "5s"},
            },
            "payment.ListMethods": {"hedge": {"after": "50ms", "max_extra_share": 1}},
        },
    });
    json!({"services": {"frontend": {"deadline": "2s"}, "payment": payment, "order": order}})
}
