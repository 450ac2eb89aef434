//! Each second: the rules are asked of the live samples, on the samples' own thread, and what changed is noted.

use std::path::Path;
use std::sync::{MutexGuard, PoisonError};

use anyhow::Context as _;
use drill::{Rules, Source};
use evidence::kind;
use evidence::promql::{self, Query, Value};
use serde_json::json;

use crate::api::alerts::{Alert, Alerts};
use crate::lab::Lab;
use crate::samples::Silent;

use super::Board;
use super::record::record;

/// The rules that every lab evaluates unless it is given others: the ones a Prometheus would load, with windows scaled
/// to a drill. Part of the program, so that it needs no file.
const SHIPPED: &str = include_str!("../../../../deploy/prometheus/drill-windows.rules.yml");
const SHIPPED_NAME: &str = "drill-windows.rules.yml";

/// The rules of a file, or the shipped ones.
///
/// # Errors
/// The file cannot be read, or something is wrong in it: all of it, with places.
pub fn rules(file: Option<&Path>) -> anyhow::Result<Rules> {
    let source = match file {
        None => Source::new(SHIPPED_NAME, SHIPPED),
        Some(path) => {
            let text = std::fs::read_to_string(path);
            let text = text.with_context(|| format!("failed to read the rules `{}`", path.display()))?;
            Source::new(path.display().to_string(), text)
        }
    };
    drill::rules(&source).context("these are no rules that the lab can evaluate")
}

/// The answer of the live samples at a moment; `None` if they cannot give one. `t_ms` is since the start of the lab.
pub(crate) async fn answer(lab: &Lab, query: &Query, t_ms: u64) -> Option<Value> {
    let asked = query.clone();
    match lab.samples.ask_first(move |held| promql::instant(&asked, held.samples(), t_ms)).await {
        Ok(Ok(value)) => Some(value),
        Ok(Err(error)) => {
            tracing::warn!(%error, query = query.text(), "query has no answer");
            None
        }
        Err(_) => None,
    }
}

/// Evaluates all rules as of a scrape.
pub(crate) async fn evaluate(lab: &Lab, tick_us: u64) {
    let t_ms = tick_us.saturating_sub(lab.start_us) / 1000;
    let recordings = board(lab).recordings();
    let rules: Vec<Query> = board(lab).rules().iter().map(|rule| rule.expr.clone()).collect();
    let asked = lab
        .samples
        .evaluate(move |held| {
            let unrecorded = record(&recordings, held, t_ms);
            let samples = held.samples();
            (unrecorded, rules.iter().map(|query| promql::instant(query, samples, t_ms)).collect::<Vec<_>>())
        })
        .await;
    let (unrecorded, answers) = match asked {
        Ok(answers) => answers,
        // Without samples the lab is ending; what broke has been logged. The rules are looked at again in a second.
        Err(Silent::Gone | Silent::Broke) => return,
    };
    let mut changes = Vec::new();
    let mut failed = Vec::new();
    for (rule, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(answer) => changes.extend(board(lab).take(rule, answer, t_ms)),
            Err(error) => failed.push(board(lab).failed(rule, &error)),
        }
    }
    failed.extend(unrecorded);
    board(lab).looked(t_ms, failed);
    for change in changes {
        lab.observe(kind::ALERT, body(&change));
    }
}

/// Notes what an Alertmanager tells, as far as it is news.
///
/// # Errors
/// The journal could not be written.
pub(crate) fn hear(lab: &Lab, alert: Alert, fingerprint: &str) -> std::io::Result<bool> {
    let news = board(lab).hear(alert, fingerprint);
    news.map(|alert| lab.note(kind::ALERT, "controller", body(&alert)))
        .transpose()
        .map(|noted| noted.is_some())
}

/// What is pending and firing now.
pub(crate) fn told(lab: &Lab) -> Alerts {
    board(lab).told()
}

/// What is firing now, each in a few words.
pub(crate) fn firing(lab: &Lab) -> Vec<String> {
    board(lab).firing()
}

fn board(lab: &Lab) -> MutexGuard<'_, Board> {
    lab.alerts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As the journal tells it.
fn body(alert: &Alert) -> serde_json::Value {
    let mut body = json!({
        "name": alert.name,
        "state": alert.state,
        "severity": alert.severity,
        "labels": alert.labels,
        "summary": alert.summary,
        "runbook": alert.runbook,
    });
    if let Some(value) = alert.value {
        body["value"] = json!(value);
    }
    if let Some(source) = &alert.source {
        body["source"] = json!(source);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_rules_can_be_evaluated_here() {
        let rules = rules(None).unwrap_or_else(|problems| panic!("{problems:#}"));
        assert!(rules.alerts.len() >= 10, "{}", rules.alerts.len());
        for rule in rules.alerts {
            let answer = promql::instant(&rule.expr, &evidence::Samples::default(), 60_000);
            assert_eq!(
                answer.unwrap_or_else(|error| panic!("{}: {error}", rule.alert)),
                Value::Vector(vec![])
            );
        }
    }
}
