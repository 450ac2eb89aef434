//! The truths of the seven drills, as their recordings show them without anybody acting.

use crate::truth::{Edge, Link, Mechanism, MechanismKind, Root, RootKind, Truth};

use MechanismKind::{
    DeadInstance, Duplicated, LateQueue, Metastable, Overload, PoolExhausted, RetryAmplification, SharedPool,
    UnboundedWait, WastedWork,
};

pub(super) fn bank_slowdown() -> Truth {
    Truth {
        roots: vec![root("bank", RootKind::Slow, "latency of charge 0.1 s -> 30 s")],
        first_broken_edge: edge("payment", "bank"),
        mechanisms: vec![
            mechanism(PoolExhausted, "payment"),
            mechanism(UnboundedWait, "payment->bank"),
            mechanism(WastedWork, "payment"),
            mechanism(RetryAmplification, "cart->order"),
            mechanism(SharedPool, "frontend"),
        ],
        propagation: chain(&["payment", "order", "cart", "frontend"]),
    }
}

pub(super) fn retry_storm() -> Truth {
    Truth {
        roots: vec![root("bank", RootKind::Slow, "latency of charge 0.1 s -> 30 s")],
        first_broken_edge: edge("order", "payment"),
        mechanisms: vec![
            mechanism(Metastable, "order->payment"),
            mechanism(RetryAmplification, "order->payment"),
            mechanism(LateQueue, "payment"),
            mechanism(WastedWork, "payment"),
            mechanism(PoolExhausted, "payment"),
        ],
        // The recorded order: cart's timeouts cross their threshold before order's refusals.
        propagation: chain(&["payment", "cart", "order", "frontend"]),
    }
}

pub(super) fn deadline_mismatch() -> Truth {
    Truth {
        roots: vec![root("bank", RootKind::Slow, "latency of charge 0.1 s -> 30 s")],
        first_broken_edge: edge("payment", "bank"),
        mechanisms: vec![mechanism(WastedWork, "payment"), mechanism(UnboundedWait, "payment->bank")],
        propagation: chain(&["cart"]),
    }
}

pub(super) fn commit_then_fail() -> Truth {
    Truth {
        roots: vec![root("bank", RootKind::AnswerLost, "commit then fail on 30 % of charge")],
        first_broken_edge: edge("payment", "bank"),
        mechanisms: vec![mechanism(Duplicated, "bank"), mechanism(RetryAmplification, "order->payment")],
        propagation: Vec::new(),
    }
}

pub(super) fn flapping_bank() -> Truth {
    Truth {
        mechanisms: vec![mechanism(PoolExhausted, "payment"), mechanism(UnboundedWait, "payment->bank")],
        propagation: chain(&["payment", "order"]),
        ..bank_slowdown()
    }
}

pub(super) fn lost_instance() -> Truth {
    Truth {
        roots: vec![
            root("payment-2", RootKind::Killed, "kill"),
            root("payment-1", RootKind::Frozen, "freeze"),
        ],
        first_broken_edge: edge("order", "payment"),
        mechanisms: vec![Mechanism {
            what: "a third of order's calls still go to payment-1, which answers none".to_owned(),
            ..mechanism(DeadInstance, "order->payment")
        }],
        propagation: Vec::new(),
    }
}

pub(super) fn black_friday() -> Truth {
    Truth {
        roots: vec![root("users", RootKind::Surge, "users: 180/s -> 900/s")],
        first_broken_edge: edge("users", "frontend"),
        mechanisms: vec![
            mechanism(Overload, "frontend"),
            mechanism(LateQueue, "frontend"),
            mechanism(PoolExhausted, "frontend"),
            mechanism(WastedWork, "frontend"),
        ],
        propagation: chain(&["frontend"]),
    }
}

pub(super) fn named(drill: &str) -> Truth {
    match drill {
        "bank-slowdown" => bank_slowdown(),
        "retry-storm" => retry_storm(),
        "deadline-mismatch" => deadline_mismatch(),
        "commit-then-fail" => commit_then_fail(),
        "flapping-bank" => flapping_bank(),
        "lost-instance" => lost_instance(),
        _ => black_friday(),
    }
}

fn root(component: &str, kind: RootKind, what: &str) -> Root {
    Root {
        component: component.to_owned(),
        kind,
        what: what.to_owned(),
        seconds: 0.0,
        evidence: "journal: entry 12".to_owned(),
    }
}

fn mechanism(kind: MechanismKind, at: &str) -> Mechanism {
    let (what, evidence) = ("with its numbers".to_owned(), format!("PromQL at {at}"));
    Mechanism { kind, at: at.to_owned(), what, evidence }
}

fn edge(caller: &str, callee: &str) -> Option<Edge> {
    let evidence = "spans: trace 4bf92f35".to_owned();
    let (caller, callee) = (caller.to_owned(), callee.to_owned());
    Some(Edge { caller, callee, share: 0.9, traces: 90, of: 100, explains: None, evidence })
}

fn chain(services: &[&str]) -> Vec<Link> {
    let link = |(at, service): (usize, &&str)| Link {
        service: (*service).to_owned(),
        symptom: "half of its replies are failures".to_owned(),
        seconds: 3.0 * (at + 1) as f64,
    };
    services.iter().enumerate().map(link).collect()
}
