//! Scorecards for tests, as old programs wrote them: without the fields that came later.

use grader::Scorecard;
use serde_json::{Value, json};

/// A scorecard with some of it as given.
pub(crate) fn card(run: &str, changes: &Value) -> Scorecard {
    let mut card = json!({
        "format": 1, "run": run, "drill": "bank-slowdown", "variant": "smoke", "candidate": "nothing",
        "seed": 42, "scale": "1", "verdict": "fail", "exit": 99, "reason": "goodput: gone",
        "criteria": [
            criterion("goodput", "fail", 0.05, 0.95),
            criterion("amplification", "pass", 1.0, 1.05),
            criterion("hold", "fail", 0.0, 0.95),
        ],
        "proofs": [criterion("baseline", "pass", 1.0, 0.99)],
        "cascade": [{"service": "payment", "symptom": "full", "t_ms": 1, "seconds": 6.8, "evidence": ""}],
        "measures": {
            "payment_throughput_rps": 66.0, "payment_throughput_span": null, "payment_workers_busy_max": 200.0,
            "payment_workers_busy_mean": null, "payment_queue_depth_max": 400.0, "order_503_share_max": 1.0,
            "cart_504_share_max": 1.0, "home_failing_share_max": 1.0, "goodput_lost": 9000.0,
            "goodput_lost_by_journey": {}, "goodput_before": {}, "goodput_during": {"checkout": 0.05},
            "goodput_after": {}, "amplification": {"order->payment": 1.0}, "littles_law": null,
            "time_to": {"first_action": null, "recovery": null, "verified_recovery": null},
            "wasted_work_seconds": {}, "users_hit": 5000, "revenue": null
        },
        "dose": [], "money": null, "load": {"offered": null, "achieved": null, "lateness_p99_ms": null},
        "residue": [], "footprint": null, "timeline": [], "schedule_hash": "a", "head": run
    });
    merge(&mut card, changes);
    serde_json::from_value(card).unwrap()
}

pub(crate) fn criterion(name: &str, status: &str, value: f64, threshold: f64) -> Value {
    json!({
        "name": name, "required": true, "status": status, "value": value, "threshold": threshold,
        "reason": "", "evidence": ""
    })
}

pub(crate) fn money(confirmed: u64) -> Value {
    let mut money = serde_json::to_value(grader::Money::default()).unwrap();
    money["confirmed"] = json!(confirmed);
    money["confirmed_cents"] = json!(confirmed * 100);
    money
}

fn merge(into: &mut Value, changes: &Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(into.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
        (into, change) => *into = change.clone(),
    }
}
