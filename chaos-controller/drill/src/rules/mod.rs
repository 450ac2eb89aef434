//! Rules: from a Prometheus rule file to alerts and recordings that can be evaluated, every problem at once with its
//! place. Leaves out group intervals (the lab looks each second) and evaluating.

mod duration;

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use evidence::promql::Query;
use serde_json::Value;

use crate::{
    check::{
        Report,
        query::{check_alert, check_recording},
    },
    diagnostic::{Finding, Problems},
    file::rules::{AlertFile, RecordingFile, RulesFile},
    metric::metrics,
    schema::walk,
    source::Source,
    tree::{self, Kind, Node},
};

pub(crate) use duration::duration;

/// Of a file whose rules are all alerts.
static ALERTS: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(RulesFile).to_value());
/// Of one recording rule.
static RECORDING: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(RecordingFile).to_value());

/// What a rule file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// In the order of the file, in which one may ask for what another has recorded. All are evaluated before the alerts.
    pub recordings: Vec<Recording>,
    pub alerts: Vec<Rule>,
}

/// A query whose answer becomes series of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The name of these series.
    pub record: String,
    pub expr: Query,
    /// What they have besides the labels of the answer.
    pub labels: BTreeMap<String, String>,
}

/// One alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The group that it stands in.
    pub group: String,
    /// Its name.
    pub alert: String,
    pub expr: Query,
    /// Holds for this long before it fires.
    pub length: Duration,
    /// Fires on for this long after it has stopped to hold.
    pub keep_firing_for: Duration,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
}

/// Reads a rule file.
///
/// # Errors
/// Everything that is wrong, in reading order.
pub fn rules(source: &Source) -> Result<Rules, Problems> {
    let mut problems = Problems::default();
    let Some(node) = tree::parse(source, &mut problems) else { return Err(problems) };
    let recorded: Vec<&str> = recordings(&node).filter_map(|rule| text(rule.get("record")?)).collect();
    // Each kind is held against its own schema, or every recording would lack the name of an alert.
    let spans: Vec<_> = recordings(&node).map(|rule| rule.span.clone()).collect();
    let alerts = node.without(&spans);
    for (span, finding) in walk(&ALERTS, &alerts) {
        problems.add(source, span, finding);
    }
    for (_, rule) in each_rule(&alerts) {
        check_alerting(&mut Report { source, problems: &mut problems }, rule, &recorded);
    }
    for rule in recordings(&node) {
        for (span, finding) in walk(&RECORDING, rule) {
            problems.add(source, span, finding);
        }
        check_recorded(&mut Report { source, problems: &mut problems }, rule, &recorded);
    }
    match built(&node) {
        Ok(rules) if problems.is_empty() => Ok(rules),
        Err(error) if problems.is_empty() => {
            problems.add(source, 0..0, Finding::new(error.to_string()));
            Err(problems)
        }
        _ => Err(problems),
    }
}

/// Every rule, with the name of its group.
fn each_rule(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let groups = node.get("groups").map(Node::items).unwrap_or_default();
    groups.iter().flat_map(|group| {
        let name = group.get("name").and_then(text).unwrap_or_default();
        group.get("rules").map(Node::items).unwrap_or_default().iter().map(move |rule| (name, rule))
    })
}

fn recordings(node: &Node) -> impl Iterator<Item = &Node> {
    each_rule(node).map(|(_, rule)| rule).filter(|rule| rule.get("record").is_some())
}

fn text(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Text(text) => Some(text),
        _ => None,
    }
}

fn check_alerting(report: &mut Report<'_>, rule: &Node, recorded: &[&str]) {
    if let Some(expr) = rule.get("expr") {
        check_alert(report, expr, recorded);
    }
    for key in ["for", "keep_firing_for"] {
        if let Some(Node { kind: Kind::Text(text), span }) = rule.get(key)
            && duration(text).is_none()
        {
            let finding = Finding::new(format!("`{text}` is no duration of Prometheus"));
            report.add(span.clone(), finding.allowed("such as 500ms, 10s, 5m, 1h30m or 3d"));
        }
    }
}

fn check_recorded(report: &mut Report<'_>, rule: &Node, recorded: &[&str]) {
    if let Some(expr) = rule.get("expr") {
        check_recording(report, expr, recorded);
    }
    let Some(Node { kind: Kind::Text(name), span }) = rule.get("record") else { return };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(plain) {
        let finding = Finding::new(format!("`{name}` cannot be the name of a metric"));
        report.add(span.clone(), finding.allowed("letters, digits, `_` and `:`"));
    } else if metrics().contains(name) {
        let finding =
            Finding::new(format!("processes of the lab expose `{name}`, so it cannot be recorded too"));
        report.add(span.clone(), finding.hint("such as `service:lab_queue_depth:sum`"));
    }
}

fn built(node: &Node) -> Result<Rules, serde_json::Error> {
    let mut rules = Rules::default();
    for (group, rule) in each_rule(node) {
        if rule.get("record").is_some() {
            let RecordingFile { record, expr, labels } = serde_json::from_value(rule.to_value())?;
            // A query that cannot be read has been told.
            let Ok(expr) = Query::parse(&expr) else { continue };
            rules.recordings.push(Recording { record, expr, labels });
        } else {
            rules.alerts.extend(alerting(group, serde_json::from_value(rule.to_value())?));
        }
    }
    Ok(rules)
}

/// `None` only for what the check has refused.
fn alerting(group: &str, rule: AlertFile) -> Option<Rule> {
    let time = |text: Option<String>| text.map_or(Some(Duration::ZERO), |text| duration(&text));
    Some(Rule {
        group: group.to_owned(),
        alert: rule.alert,
        expr: Query::parse(&rule.expr).ok()?,
        length: time(rule.length)?,
        keep_firing_for: time(rule.keep_firing_for)?,
        labels: rule.labels,
        annotations: rule.annotations,
    })
}

#[cfg(test)]
mod tests;
