//! The page as a tired person reads it: what stands where, and what gives way on a small screen.

use std::collections::BTreeMap;

use controller::api::board::{Edge, Past, Service};
use controller::api::{Clock, Event, RunStatus};
use serde_json::json;

use super::*;

fn service(name: &str, busy: f64, queued: f64, rate: f64, errors: f64) -> Service {
    Service {
        service: name.into(),
        up: 1,
        instances: 1,
        busy: Some(busy),
        workers: Some(20.0),
        active: None,
        queued: Some(queued),
        capacity: Some(1000.0),
        wait_p99_seconds: Some(if queued > 0.0 { 9.5 } else { 0.001 }),
        rate: Some(rate),
        errors: Some(errors),
        rss_mib: 21.4,
    }
}

fn edge(service: &str, target: &str, method: &str, attempts: &[(&str, f64)]) -> Edge {
    Edge {
        service: service.into(),
        target: target.into(),
        method: method.into(),
        calls: 4.0,
        attempts: attempts.iter().map(|(name, rate)| ((*name).to_owned(), *rate)).collect(),
        recent: 4.0,
        p99_seconds: Some(0.1),
        breaker: None,
    }
}

/// The outage: payment is full, what is above it fails, the home page is blank.
pub(crate) fn outage() -> Board {
    let journey = |name: &str, goodput: f64| Journey {
        journey: name.into(),
        rate: 10.0,
        goodput: Some(goodput),
        p99_seconds: Some(if goodput < 0.5 { 10.0 } else { 0.04 }),
        history: (0..60).map(|n| Some(if n < 40 { 1.0 } else { goodput })).collect(),
    };
    let event = |ago_ms, kind: &str, body| Past {
        ago_ms,
        event: Event::Journal { t_ms: 0, kind: kind.into(), actor: "ada".into(), body },
    };
    Board {
        lab: "red".into(),
        t_ms: 134_000,
        run: Some(RunStatus {
            run: "r".into(),
            dir: "runs/r".into(),
            drill: "bank-slowdown".into(),
            variant: "full".into(),
            candidate: None,
            phase: "recover".into(),
            mode: "practice".into(),
            t_ms: 134_000,
            clock: Some(Clock { elapsed_ms: 72_000, left_ms: Some(828_000) }),
            exit: None,
        }),
        policy_version: 2,
        offered: Some(97.0),
        in_flight: Some(412.0),
        journeys: vec![
            journey("home", 0.04),
            journey("search", 1.0),
            journey("account", 1.0),
            journey("prepare_checkout", 0.93),
            journey("checkout", 0.0),
        ],
        services: vec![
            service("frontend", 20.0, 312.0, 41.0, 38.0),
            service("cart", 20.0, 40.0, 12.0, 12.0),
            service("search", 1.0, 0.0, 30.0, 0.0),
            service("account", 1.0, 0.0, 10.0, 0.0),
            service("order", 20.0, 0.0, 9.0, 9.0),
            service("payment", 20.0, 847.0, 0.7, 0.0),
            service("inventory", 0.0, 0.0, 30.0, 0.0),
        ],
        edges: vec![
            edge("frontend", "cart", "Checkout", &[("timeout", 4.0)]),
            edge("frontend", "search", "Query", &[("ok", 30.0)]),
            edge("search", "inventory", "Stock", &[("ok", 30.0)]),
            edge("order", "payment", "Charge", &[("ok", 1.0), ("timeout", 11.0)]),
            edge("payment", "bank", "charge", &[("ok", 0.7)]),
        ],
        orders_open: BTreeMap::from([("charging".to_owned(), 20.0), ("unknown".to_owned(), 93.0)]),
        charges: BTreeMap::from([("committed".to_owned(), 0.67)]),
        rss_mib: 301.0,
        events: vec![
            event(61_000, "phase", json!({"name": "recover"})),
            event(4_000, "action", json!({"verb": "say", "text": "looking at payment"})),
        ],
        ..Board::default()
    }
}

fn page(columns: usize, rows: usize) -> String {
    render(&outage(), Size { columns, rows }, Paint::PLAIN).join("\n")
}

#[test]
fn eighty_by_twenty_four_shows_the_outage() {
    let page = page(80, 24);
    for line in page.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(page.lines().count() <= 24, "{page}");
    for wanted in [
        "red [02:14] RECOVER  bank-slowdown/full 13:48 left  policy v2  301 MiB",
        "load: 97 requests/s, 412 waiting  alerts: none",
        "4%✗",
        "payment   ████████ 20/20",
        "847",
        "FULL",
        "failing",
        "order > payment.Charge",
        "3.00",
        "timeout 92%",
        "unknown 93",
        "looking at payment",
    ] {
        assert!(page.contains(wanted), "`{wanted}` is not in\n{page}");
    }
}

#[test]
fn a_larger_screen_shows_all_of_it_and_a_smaller_one_the_worst() {
    let large = page(120, 40);
    for wanted in ["inventory", "search > inventory.Stock", "21 MiB", "account"] {
        assert!(large.contains(wanted), "`{wanted}` is not in\n{large}");
    }
    for rows in 1..=40 {
        for columns in [1, 20, 79, 200] {
            let lines = render(&outage(), Size { columns, rows }, Paint::PLAIN);
            assert!(lines.len() <= rows && lines.iter().all(|line| line.chars().count() <= columns));
        }
    }
    let small = page(80, 18);
    assert!(small.contains("payment  ") && !small.contains("  inventory "), "{small}");
}

#[test]
fn a_lab_that_was_just_started_has_a_page_too() {
    let lines =
        render(&Board { lab: "x".into(), ..Board::default() }, Size { columns: 80, rows: 24 }, Paint::PLAIN);
    assert!(lines[0].starts_with("x [00:00]  no run"), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("load: none")));
    let halted = Board { halted: true, ..outage() };
    assert!(render(&halted, Size { columns: 80, rows: 24 }, Paint::PLAIN)[0].contains("HALTED"));
}

/// The bank answers well, and takes half a minute: all that is sick is between it and the users.
#[test]
fn a_small_screen_keeps_what_is_nearest_to_the_cause() {
    let slow = |service: &str, target: &str, method: &str, p99: f64, outcome: &str| Edge {
        p99_seconds: Some(p99),
        ..edge(service, target, method, &[(outcome, 1.5)])
    };
    let mut board = outage();
    board.services.push(Service {
        busy: None,
        workers: None,
        queued: None,
        capacity: None,
        wait_p99_seconds: None,
        active: Some(20.0),
        ..service("bank", 0.0, 0.0, 1.5, 0.0)
    });
    board.edges = vec![
        slow("frontend", "cart", "Checkout", 9.9, "error"),
        slow("frontend", "cart", "PrepareCheckout", 9.9, "error"),
        slow("cart", "order", "Checkout", 9.9, "error"),
        slow("cart", "order", "PrepareCheckout", 9.9, "error"),
        slow("order", "payment", "Charge", 60.0, "ok"),
        slow("payment", "bank", "charge", 30.0, "ok"),
    ];
    let page = render(&board, Size { columns: 80, rows: 24 }, Paint::PLAIN).join("\n");
    for wanted in [
        "payment > bank.charge",
        "SLOW, 20 wait",
        "order > payment.Charge",
        "20 under way",
        "call p99 30.0 s",
    ] {
        assert!(page.contains(wanted), "`{wanted}` is not in\n{page}");
    }
    assert!(!page.contains("frontend > cart") && page.contains("3 more"), "{page}");
}
