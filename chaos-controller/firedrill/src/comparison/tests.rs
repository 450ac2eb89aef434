//! A comparison as a whole.

use serde_json::{Value, json};

use super::testbed::{card, criterion, money};
use super::*;

fn layered() -> Value {
    json!({
        "candidate": "layered", "verdict": "pass", "exit": 0, "money": money(150),
        "criteria": [
            criterion("goodput", "pass", 0.99, 0.95),
            criterion("amplification", "pass", 1.0, 1.05),
            criterion("hold", "pass", 0.99, 0.95),
        ],
        "measures": {
            "goodput_during": {"checkout": 0.8}, "amplification": {"order->payment": 4.0},
            "time_to": {"recovery": 25.0, "verified_recovery": 33.0}, "payment_queue_depth_max": 401.0,
        }
    })
}

#[test]
fn what_matters_comes_first_and_what_is_the_same_is_folded() {
    let (nothing, layered) = (card("a", &json!({"money": money(100)})), card("b", &layered()));
    let text = Comparison::of(vec![&nothing, &layered]).text(false);
    let names: Vec<&str> = text.lines().map(|line| line.split("  ").next().unwrap_or_default()).collect();
    assert_eq!(
        names[1..13],
        [
            "played by",
            "verdict",
            "hold (limit 0.95)",
            "goodput (limit 0.95)",
            "recovered",
            "recovery verified",
            "orders confirmed",
            "confirmed",
            "amplification order->payment",
            "goodput during checkout",
            "",
            "the same: payment full after 6.8 s, order 503 never, cart 504 never, blank page never, requests lost 9000, \
             lost / double / pending 0 / 0 / 0, checkouts missed no data, 2 criteria and proofs, 7 measures (--all shows them)"
        ],
        "{text}"
    );
    assert!(text.ends_with("\nthe second run confirmed +50 orders, worth 50.00\n"), "{text}");
    let all = Comparison::of(vec![&nothing, &layered]).text(true);
    assert!(all.contains("baseline (limit 0.99)") && !all.contains("the same"), "{all}");
}

#[test]
fn three_runs_have_three_columns_and_each_is_held_against_the_first() {
    let runs = [100, 150, 80].map(|orders| card(&orders.to_string(), &json!({"money": money(orders)})));
    let text = Comparison::of(runs.iter().collect()).text(false);
    for part in [
        "FIRST",
        "SECOND",
        "THIRD",
        "the second run confirmed +50",
        "the third run confirmed -20 orders, worth -20.00",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    assert!(!text.contains("warning"), "{text}");
}

#[test]
fn runs_that_are_not_alike_are_compared_with_a_warning() {
    let changes = json!({
        "drill": "retry-storm", "scale": "1/10", "seed": 7, "variant": "default", "money": money(1),
        "criteria": [criterion("goodput", "pass", 1.0, 0.9), criterion("waste", "pass", 0.0, 0.02)]
    });
    let (one, other) = (card("a", &json!({"money": money(9)})), card("b", &changes));
    let comparison = Comparison::of(vec![&one, &other]);
    let text = comparison.text(false);
    for part in [
        "warning: different drills: bank-slowdown, retry-storm; ",
        "warning: different scales: 1, 1/10; ",
        "warning: different seeds: 42, 7; ",
        "warning: different variants: smoke, default; ",
        "goodput  ",
        "FAIL 0.05 (limit 0.95)",
        "pass 1 (limit 0.9)",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    for absent in ["waste", "hold", "the second run confirmed"] {
        assert!(!text.contains(absent), "`{absent}` in\n{text}");
    }
    assert_eq!(comparison.json()["warnings"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_run_beside_itself_differs_in_nothing_and_is_told() {
    let one = card("a", &json!({}));
    let text = Comparison::of(vec![&one, &one]).text(false);
    assert!(text.starts_with("warning: the first and the second are the same run\n"), "{text}");
    assert_eq!(Comparison::of(vec![&one, &one]).json()["differences"], json!([]));
}

#[test]
fn a_program_gets_every_row_and_what_differs() {
    let (nothing, layered) = (card("a", &json!({"money": money(100)})), card("b", &layered()));
    let value = Comparison::of(vec![&nothing, &layered]).json();
    assert_eq!(value["rows"][1], json!(["verdict", "FAIL (exit 99)", "PASS (exit 0)"]));
    assert_eq!(value["saved"]["orders"], 50);
    assert_eq!(value["saved"]["cents"], 5_000);
    assert_eq!(value["runs"][1]["candidate"], "layered");
    assert!(value["same"].as_array().unwrap().contains(&json!("payment full")), "{value}");
}
