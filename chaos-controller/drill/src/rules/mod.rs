//! Alerting rules: from a Prometheus rule file to alerts that can be evaluated, every problem at once with its place.
//! Leaves out recording rules, which are refused (the lab asks its samples directly), group intervals (the lab looks
//! each second) and evaluating.

mod duration;

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use evidence::promql::Query;
use serde_json::Value;

use crate::{
    check::{Report, query::check_alert},
    diagnostic::{Finding, Problems},
    file::rules::{RuleFile, RulesFile},
    schema::walk,
    source::Source,
    tree::{self, Kind, Node},
};

pub(crate) use duration::duration;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(RulesFile).to_value());

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
pub fn rules(source: &Source) -> Result<Vec<Rule>, Problems> {
    let mut problems = Problems::default();
    let Some(node) = tree::parse(source, &mut problems) else { return Err(problems) };
    let recorded = recording_rules(source, &node, &mut problems);
    let alerts = node.without(&recorded);
    for (span, finding) in walk(&SCHEMA, &alerts) {
        problems.add(source, span, finding);
    }
    for rule in each_rule(&alerts) {
        check_rule(&mut Report { source, problems: &mut problems }, rule);
    }
    match serde_json::from_value::<RulesFile>(node.to_value()) {
        Ok(file) if problems.is_empty() => Ok(built(file)),
        Err(error) if problems.is_empty() => {
            problems.add(source, 0..0, Finding::new(error.to_string()));
            Err(problems)
        }
        _ => Err(problems),
    }
}

fn each_rule(node: &Node) -> impl Iterator<Item = &Node> {
    let groups = node.get("groups").map(Node::items).unwrap_or_default();
    groups.iter().flat_map(|group| group.get("rules").map(Node::items).unwrap_or_default())
}

/// Refuses recording rules, and tells where they stand, so that the schema need not complain about them again.
fn recording_rules(source: &Source, node: &Node, problems: &mut Problems) -> Vec<std::ops::Range<usize>> {
    let mut places = Vec::new();
    for rule in each_rule(node) {
        if let Some((key, _)) = rule.entry("record") {
            let finding = Finding::new("the lab evaluates alerts only, and this is a recording rule");
            problems.add(
                source,
                key.span.clone(),
                finding.hint("write its `expr` into the alerts that use it"),
            );
            places.push(rule.span.clone());
        }
    }
    places
}

fn check_rule(report: &mut Report<'_>, rule: &Node) {
    if let Some(expr) = rule.get("expr") {
        check_alert(report, expr);
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

fn built(file: RulesFile) -> Vec<Rule> {
    let groups = file.groups.into_iter();
    groups
        .flat_map(|group| {
            let name = group.name;
            group.rules.into_iter().filter_map(move |rule| one(name.clone(), rule))
        })
        .collect()
}

/// `None` only for what the check has refused.
fn one(group: String, rule: RuleFile) -> Option<Rule> {
    let time = |text: Option<String>| text.map_or(Some(Duration::ZERO), |text| duration(&text));
    Some(Rule {
        group,
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
