//! An alert: what its rule asks, and where its runbook is, from the rules that a lab evaluates.

use drill::Rules;

use super::Explained;

/// By the alert's name, in any case.
pub(super) fn explain(name: &str) -> Option<Explained> {
    let Rules { recordings, alerts } = rules();
    let rule = alerts.into_iter().find(|rule| rule.alert.eq_ignore_ascii_case(name))?;
    let said = |key: &str| rule.annotations.get(key).map(|text| readable(text)).unwrap_or_default();
    let mut explained =
        Explained { subject: rule.alert.clone(), kind: "alert", is: said("summary"), ..Explained::default() };
    explained.fact("means", said("description"));
    explained.fact("severity", rule.labels.get("severity").cloned().unwrap_or_default());
    explained.fact("fires when", rule.expr.text());
    for recording in recordings.iter().filter(|recording| rule.expr.text().contains(&recording.record)) {
        explained.fact("recorded", format!("{} = {}", recording.record, recording.expr.text()));
    }
    explained.fact("for", humantime::format_duration(rule.length).to_string());
    explained.fact("runbook", said("runbook_url"));
    Some(explained)
}

/// A text with places for words, as a person writes such places: `<service>`.
fn readable(text: &str) -> String {
    let mut parts = text.split("{{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (inside, after) = part.split_once("}}").unwrap_or((part, ""));
        let name = inside.split('|').next().unwrap_or_default().trim();
        let name = name.strip_prefix("$labels.").or(name.strip_prefix('$')).unwrap_or(name);
        out.push_str(&format!("<{name}>{after}"));
    }
    out
}

/// The alerts that there are.
pub(super) fn names() -> Vec<String> {
    rules().alerts.into_iter().map(|rule| rule.alert).collect()
}

fn rules() -> Rules {
    controller::rules(None).expect("the rules that are part of the program are tested to be rules")
}
