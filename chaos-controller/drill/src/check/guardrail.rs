//! What stops a run: that each guardrail says one thing, and that the budgets it speaks of exist.

use super::{Report, part, query::check_named};
use crate::{budget::ErrorBudget, diagnostic::Finding, journey::Journey, tree::Node};

/// Says everything that is wrong with a drill's guardrails; their queries and names included.
pub(crate) fn check(report: &mut Report<'_>, drill: &Node) {
    let list = drill.get("guardrails");
    check_named(report, list, "guardrail", &[]);
    for node in list.map(Node::items).unwrap_or_default() {
        check_kind(report, node);
        check_budget(report, node, drill);
    }
}

/// A condition or a budget, and a time only for a condition.
fn check_kind(report: &mut Report<'_>, node: &Node) {
    match (node.get("promql"), node.entry("error_budget")) {
        (None, None) => {
            let finding = Finding::new("this guardrail does not say when the run is stopped");
            report.add(node.span.clone(), finding.allowed("promql, or error_budget"));
        }
        (Some(_), Some((key, _))) => {
            let finding = Finding::new("a guardrail is a condition or a budget, not both");
            report.add(key.span.clone(), finding.hint("make two guardrails of it"));
        }
        (None, Some(_)) => {
            if let Some((key, _)) = node.entry("for") {
                let finding = Finding::new("a budget that is spent stays spent, so it has no `for`");
                report.add(key.span.clone(), finding);
            }
        }
        (Some(_), None) => {}
    }
}

/// Whose budget it is: a journey that is played.
fn check_budget(report: &mut Report<'_>, node: &Node, drill: &Node) {
    let Some(written) = node.get("error_budget") else { return };
    let Some(journey) = part::<ErrorBudget>(Some(written)).and_then(|budget| budget.journey.journey()) else {
        return;
    };
    let Some(journeys) = drill.get("load").and_then(|load| load.get("journeys")) else { return };
    let played = |journey: Journey| journeys.get(journey.name()).is_some();
    if !played(journey) {
        let names: Vec<&str> =
            Journey::ALL.into_iter().filter(|one| played(*one)).map(Journey::name).collect();
        let finding = Finding::new(format!("`{journey}` is not played, so it has no error budget"));
        report.add(written.place(&["journey"]), finding.allowed(format!("any, {}", names.join(", "))));
    }
}
