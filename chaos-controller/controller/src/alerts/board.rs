//! What is pending and what is firing. A state machine over answers and times that are handed in: no clock, no samples.

use std::collections::BTreeMap;

use drill::Rule;
use evidence::promql::{Labels, Value};

use crate::api::alerts::{Alert, AlertState, Alerts};

use super::template::fill;

/// The rules, and the state of each series that one of them is or was true of.
#[derive(Debug, Default)]
pub(crate) struct Board {
    rules: Vec<Rule>,
    active: BTreeMap<(usize, Labels), Active>,
    looked_ms: u64,
    failed: Vec<(usize, String)>,
}

#[derive(Debug)]
struct Active {
    since_ms: u64,
    /// The last time that it was true.
    seen_ms: u64,
    /// The first time that it was not, since then: what `keep_firing_for` counts from, as in Prometheus.
    gone_ms: Option<u64>,
    alert: Alert,
}

impl Board {
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        Self { rules, ..Self::default() }
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Takes the answer to the expression of a rule. Gives what has begun to fire and what has resolved.
    pub(crate) fn take(&mut self, rule: usize, answer: Value, t_ms: u64) -> Vec<Alert> {
        let Some(Rule { length, keep_firing_for, .. }) = self.rules.get(rule) else { return Vec::new() };
        let (length, keep) = (length.as_millis() as u64, keep_firing_for.as_millis() as u64);
        let mut changes = Vec::new();
        for (series, value) in series(answer) {
            let said = said(&self.rules[rule], &series, value);
            let active = self.active.entry((rule, series)).or_insert_with(|| Active {
                since_ms: t_ms,
                seen_ms: t_ms,
                gone_ms: None,
                alert: said.clone(),
            });
            let state = active.alert.state;
            active.alert = Alert { state, since_ms: active.since_ms, ..said };
            active.seen_ms = t_ms;
            active.gone_ms = None;
            if state == AlertState::Pending && t_ms.saturating_sub(active.since_ms) >= length {
                active.alert.state = AlertState::Firing;
                changes.push(active.alert.clone());
            }
        }
        self.active.retain(|(of, _), active| {
            if *of != rule || active.seen_ms == t_ms {
                return true;
            }
            let gone_ms = *active.gone_ms.get_or_insert(t_ms);
            let stays = active.alert.state == AlertState::Firing && t_ms - gone_ms < keep;
            if !stays && active.alert.state == AlertState::Firing {
                changes.push(Alert { state: AlertState::Resolved, ..active.alert.clone() });
            }
            stays
        });
        changes
    }

    /// All rules were looked at; some, by their places, could not be evaluated.
    pub(crate) fn looked(&mut self, t_ms: u64, failed: Vec<(usize, String)>) {
        self.looked_ms = t_ms;
        self.failed = failed;
    }

    /// All that is pending or firing, the firing ones first, in the order of the rules.
    pub(crate) fn told(&self) -> Alerts {
        let mut alerts: Vec<Alert> = self.active.values().map(|active| active.alert.clone()).collect();
        alerts.sort_by_key(|alert| std::cmp::Reverse(alert.state));
        let name = |rule: usize| self.rules.get(rule).map_or("", |rule| rule.alert.as_str());
        Alerts {
            t_ms: self.looked_ms,
            rules: self.rules.len(),
            alerts,
            failed: self.failed.iter().map(|(rule, why)| format!("{}: {why}", name(*rule))).collect(),
        }
    }

    /// What is firing, each in a few words: `BudgetBurnsAt14 checkout`.
    pub(crate) fn firing(&self) -> Vec<String> {
        let firing = self.active.iter().filter(|(_, active)| active.alert.state == AlertState::Firing);
        firing
            .map(|((_, series), active)| {
                let words = series.iter().filter(|(name, _)| !matches!(name.as_str(), "job" | "le"));
                let words = words.map(|(_, value)| value.as_str());
                std::iter::once(active.alert.name.as_str()).chain(words).collect::<Vec<_>>().join(" ")
            })
            .collect()
    }
}

/// Each series that an expression is true of, without the name of its metric.
fn series(answer: Value) -> Vec<(Labels, f64)> {
    match answer {
        Value::Vector(samples) => samples
            .into_iter()
            .map(|sample| {
                let mut labels = sample.labels;
                labels.remove("__name__");
                (labels, sample.value)
            })
            .collect(),
        Value::Scalar(value) => vec![(Labels::new(), value)],
        Value::Matrix(_) | Value::Text(_) => Vec::new(),
    }
}

/// An alert in its words. Labels of the rule win over those of the series.
fn said(rule: &Rule, series: &Labels, value: f64) -> Alert {
    let mut labels: BTreeMap<String, String> = series.clone();
    let own = rule.labels.iter().map(|(name, text)| (name.clone(), fill(text, series, value)));
    labels.extend(own);
    let note =
        |name: &str| rule.annotations.get(name).map(|text| fill(text, &labels, value)).unwrap_or_default();
    Alert {
        name: rule.alert.clone(),
        state: AlertState::Pending,
        severity: labels.get("severity").cloned().unwrap_or_default(),
        value,
        summary: note("summary"),
        description: note("description"),
        runbook: note("runbook_url"),
        since_ms: 0,
        labels,
    }
}

#[cfg(test)]
mod tests;
