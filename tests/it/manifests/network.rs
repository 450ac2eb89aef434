//! Who may speak with whom: the edges of the picture and nothing else, and nothing at all for whom a partition has.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::labels::selects;
use super::{Overlay, items, overlays, text};

/// The picture (ARCHITECTURE.md), and who runs and watches the lab: caller, callee, ports.
const EDGES: [(&str, &str, &[u64]); 23] = [
    ("traffic", "frontend", &[8080]),
    ("frontend", "cart", &[8080]),
    ("frontend", "search", &[8080]),
    ("frontend", "account", &[8080]),
    ("cart", "order", &[8080]),
    ("order", "payment", &[8080]),
    ("order", "inventory", &[8080]),
    ("payment", "bank", &[8080, 8081]),
    ("payment", "controller", &[7070]),
    ("payment", "collector", &[4317]),
    ("controller", "payment", &[9090]),
    ("controller", "frontend", &[8080, 9090]),
    ("controller", "bank", &[8080, 8081, 9090]),
    ("controller", "guard", &[7071]),
    ("controller", "prometheus", &[9090]),
    ("guard", "payment", &[9090]),
    ("prometheus", "payment", &[9090]),
    ("prometheus", "controller", &[7070]),
    ("prometheus", "alertmanager", &[9093]),
    ("alertmanager", "controller", &[7070]),
    ("collector", "jaeger", &[4317]),
    ("collector", "controller", &[7070]),
    ("grafana", "prometheus", &[9090]),
];

fn shared() -> Option<&'static Overlay> {
    overlays().iter().find(|overlay| overlay.name == "shared-cluster")
}

/// Both forms of a selector.
fn picks(selector: &Value, template: &Value) -> bool {
    let labels = &template["metadata"]["labels"];
    let expressions = items(&selector["matchExpressions"]).all(|of| {
        let named = items(&of["values"]).any(|value| *value == labels[text(&of["key"])]);
        named == (of["operator"] == "In")
    });
    selects(&selector["matchLabels"], template) && expressions
}

/// The ports on which `policies` let one pod speak with another, seen from one of their ends.
fn allowed(overlay: &Overlay, end: &str, here: &Value, there: &Value) -> BTreeSet<u64> {
    let (rules, peers) = if end == "Ingress" { ("ingress", "from") } else { ("egress", "to") };
    let policies = overlay.of("NetworkPolicy").filter(|policy| {
        picks(&policy["spec"]["podSelector"], here)
            && items(&policy["spec"]["policyTypes"]).any(|of| of == end)
    });
    let rules = policies.flat_map(|policy| items(&policy["spec"][rules]));
    let open = rules.filter(|rule| {
        let mut of_it = items(&rule[peers]).filter(|peer| !peer["podSelector"].is_null());
        of_it.any(|peer| picks(&peer["podSelector"], there))
    });
    open.flat_map(|rule| items(&rule["ports"])).filter_map(|port| port["port"].as_u64()).collect()
}

fn between(overlay: &Overlay, caller: &Value, callee: &Value) -> BTreeSet<u64> {
    let out = allowed(overlay, "Egress", caller, callee);
    let into = allowed(overlay, "Ingress", callee, caller);
    out.intersection(&into).copied().collect()
}

fn template<'a>(overlay: &'a Overlay, name: &str) -> &'a Value {
    overlay.workloads().find(|(known, _)| *known == name).map(|(_, template)| template).expect("it is there")
}

#[test]
fn every_edge_of_the_picture_is_open_at_both_ends() {
    let Some(shared) = shared() else { return };
    for (caller, callee, ports) in EDGES {
        let open = between(shared, template(shared, caller), template(shared, callee));
        assert_eq!(open, ports.iter().copied().collect(), "{caller} -> {callee}");
    }
}

#[test]
fn the_shop_speaks_along_the_picture_and_not_across_it() {
    let Some(shared) = shared() else { return };
    let processes: Vec<(&str, &Value)> = shared
        .workloads()
        .filter(|(_, template)| template["metadata"]["labels"]["app.kubernetes.io/component"] == "process")
        .collect();
    assert_eq!(processes.len(), 9);
    for (caller, from) in &processes {
        for (callee, to) in &processes {
            let drawn = EDGES.iter().any(|edge| edge.0 == *caller && edge.1 == *callee);
            assert_eq!(!between(shared, from, to).is_empty(), drawn, "{caller} -> {callee}");
        }
    }
}

#[test]
fn whoever_is_not_connected_has_no_connection_left() {
    let Some(shared) = shared() else { return };
    for (name, template) in shared.workloads() {
        let mut cut = template.clone();
        cut["metadata"]["labels"]["firedrill.io/connected"] = json!("false");
        let of_it = shared.of("NetworkPolicy").filter(|policy| picks(&policy["spec"]["podSelector"], &cut));
        let names: Vec<&str> = of_it.map(|policy| text(&policy["metadata"]["name"])).collect();
        let process = template["metadata"]["labels"]["app.kubernetes.io/component"] == "process";
        assert!(!process || names == ["default-deny"], "{name}: {names:?}");
    }
    let denied = shared.object("NetworkPolicy", "default-deny");
    assert_eq!(denied["spec"], json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}));
}
