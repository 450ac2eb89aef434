//! What is pending and what is firing. A state machine over answers and times that are handed in: no clock, no samples.

use std::collections::BTreeMap;
use std::sync::Arc;

use drill::{Recording, Rule, Rules};
use evidence::promql::{Labels, Value};

use crate::api::alerts::{Alert, AlertState, Alerts};

use super::heard::Heard;
use super::record::series;
use super::template::fill;

/// The rules, and the state of each series that one of them is or was true of; and what an Alertmanager told.
#[derive(Debug, Default)]
pub(crate) struct Board {
    recordings: Arc<[Recording]>,
    rules: Vec<Rule>,
    heard: Heard,
    active: BTreeMap<(usize, Labels), Active>,
    looked_ms: u64,
    failed: Vec<String>,
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
    /// `alerts` is false where a Prometheus evaluates them: whoever told them twice would page twice.
    pub(crate) fn new(rules: Rules, alerts: bool) -> Self {
        let Rules { recordings, alerts: all } = rules;
        let rules = if alerts { all } else { Vec::new() };
        Self { recordings: recordings.into(), rules, ..Self::default() }
    }

    pub(crate) fn recordings(&self) -> Arc<[Recording]> {
        Arc::clone(&self.recordings)
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

    /// Takes what an Alertmanager tells. Gives what is news: no alert is told twice, and none that is evaluated here.
    pub(crate) fn hear(&mut self, alert: Alert, fingerprint: &str) -> Option<Alert> {
        if self.rules.iter().any(|rule| rule.alert == alert.name) {
            return None;
        }
        self.heard.take(alert, fingerprint)
    }

    /// A rule that could not be evaluated, in words.
    pub(crate) fn failed(&self, rule: usize, why: &dyn std::fmt::Display) -> String {
        format!("{}: {why}", self.rules.get(rule).map_or("", |rule| rule.alert.as_str()))
    }

    /// All rules were looked at; some could not be evaluated, as `name: why`.
    pub(crate) fn looked(&mut self, t_ms: u64, failed: Vec<String>) {
        self.looked_ms = t_ms;
        self.failed = failed;
    }

    /// All that is pending or firing, the firing ones first, in the order of the rules.
    pub(crate) fn told(&self) -> Alerts {
        let own = self.active.values().map(|active| &active.alert);
        let mut alerts: Vec<Alert> = own.chain(self.heard.firing()).cloned().collect();
        alerts.sort_by_key(|alert| std::cmp::Reverse(alert.state));
        Alerts { t_ms: self.looked_ms, rules: self.rules.len(), alerts, failed: self.failed.clone() }
    }

    /// What is firing, each in a few words: `BudgetBurnsAt14 checkout`.
    pub(crate) fn firing(&self) -> Vec<String> {
        let own = self.active.iter().filter(|(_, active)| active.alert.state == AlertState::Firing);
        let own = own.map(|((_, series), active)| few_words(&active.alert.name, series));
        own.chain(self.heard.firing().map(|alert| few_words(&alert.name, &alert.labels))).collect()
    }
}

/// A name, and what tells this alert from others of that name.
fn few_words(name: &str, labels: &Labels) -> String {
    let words = labels.iter().filter(|(label, _)| !matches!(label.as_str(), "job" | "le" | "severity"));
    std::iter::once(name).chain(words.map(|(_, value)| value.as_str())).collect::<Vec<_>>().join(" ")
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
        value: Some(value),
        summary: note("summary"),
        description: note("description"),
        runbook: note("runbook_url"),
        since_ms: 0,
        source: None,
        labels,
    }
}

#[cfg(test)]
mod tests;
