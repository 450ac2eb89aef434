//! An alert: what its rule asks, and where its runbook is, from the rules that a lab evaluates.

use drill::Rule;

use super::Explained;

/// By the alert's name, in any case.
pub(super) fn explain(name: &str) -> Option<Explained> {
    let rule = rules().into_iter().find(|rule| rule.alert.eq_ignore_ascii_case(name))?;
    let said = |key: &str| rule.annotations.get(key).cloned().unwrap_or_default();
    let mut explained =
        Explained { subject: rule.alert.clone(), kind: "alert", is: said("summary"), ..Explained::default() };
    explained.fact("means", said("description"));
    explained.fact("severity", rule.labels.get("severity").cloned().unwrap_or_default());
    explained.fact("fires when", rule.expr.text());
    explained.fact("for", humantime::format_duration(rule.length).to_string());
    explained.fact("runbook", said("runbook_url"));
    Some(explained)
}

/// The alerts that there are.
pub(super) fn names() -> Vec<String> {
    rules().into_iter().map(|rule| rule.alert).collect()
}

fn rules() -> Vec<Rule> {
    controller::rules(None).expect("the rules that are part of the program are tested to be rules")
}
