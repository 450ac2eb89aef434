//! What a change of the policy does, for somebody who learns: for each value that was set, what that lever is, what it
//! costs and what it cannot do. The words are those of `firedrill explain`.

use serde_json::Value;

use super::explain;

/// What is told of a lever besides what it is.
const FACTS: [&str; 2] = ["trade-off", "cannot"];

/// The lines about the changes of a policy (`[{path, before, after}]`), a lever once.
pub(crate) fn lesson(changes: &[Value]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for path in changes.iter().filter_map(|change| change.get("path")?.as_str()) {
        let Ok(explained) = explain(path, None) else { continue };
        // Two calls of a service may have been given the same lever.
        if told.contains(&explained.is) {
            continue;
        }
        lines.push(format!("{path}: {}", explained.is));
        for (name, text) in explained.facts.iter().filter(|(name, _)| FACTS.contains(&name.as_str())) {
            lines.push(format!("  {name}: {}", text.replace('\n', " ")));
        }
        told.push(explained.is);
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_lever_is_told_once_with_what_it_costs() {
        let change = |path: &str| json!({"path": path, "before": null, "after": "x"});
        let lines = lesson(&[
            change("services.payment.calls.bank.charge.attempt_timeout"),
            change("services.order.calls.payment.Charge.attempt_timeout"),
            change("services.payment.server.queue.limit"),
            change("no.such.path"),
        ]);
        let levers: Vec<&String> = lines.iter().filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(levers.len(), 2, "{lines:?}");
        assert!(levers[0].starts_with("services.payment.calls.bank.charge.attempt_timeout: "), "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with("  cannot: ")), "{lines:?}");
    }
}
