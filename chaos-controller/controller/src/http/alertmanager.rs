//! Alertmanager's webhook (payload version 4): what fires and what resolves, into the journal, once each.
//!
//! The observer's token is enough: Prometheus and Alertmanager are then given one secret, which opens nothing else. What is
//! told here is marked with its source, and moves no verdict; a time to detect may count from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use process::monotonic_us;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::alerts;
use crate::api::Role;
use crate::api::alerts::{Alert, AlertState};
use crate::book::unix_ms;
use crate::lab::Lab;

use super::{Caller, Refused};

/// The form of the payload that is understood.
const VERSION: &str = "4";
/// Who the journal says it was.
const SOURCE: &str = "alertmanager";

/// What a webhook is sent: a group of alerts, of which some are no news.
#[derive(Debug, Deserialize)]
pub(super) struct Notice {
    version: String,
    alerts: Vec<Told>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    status: Status,
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    starts_at: String,
    fingerprint: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Firing,
    Resolved,
}

pub(super) async fn take(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Json(notice): Json<Notice>,
) -> Result<Json<Value>, Refused> {
    caller.must_be(Role::Observer)?;
    if notice.version != VERSION {
        let error = format!("a payload of version {}; understood is version {VERSION}", notice.version);
        return Err(Refused::invalid(error));
    }
    let (mut noted, told) = (0, notice.alerts.len());
    // The lab's zero in Unix time.
    let zero_ms = unix_ms() as i64 - (monotonic_us().saturating_sub(lab.start_us) / 1_000) as i64;
    for one in notice.alerts {
        let Ok(start) = one.starts_at.parse::<Timestamp>() else {
            return Err(Refused::invalid(format!("`startsAt` is no time: `{}`", one.starts_at)));
        };
        let since_ms = u64::try_from(start.as_millisecond() - zero_ms).unwrap_or(0);
        let fingerprint = one.fingerprint.clone();
        let news = alerts::hear(&lab, alert(one, since_ms), &fingerprint);
        let news = news.map_err(|error| {
            // Alertmanager tells again what was answered with a 5xx.
            Refused::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the journal cannot be written: {error}"))
        })?;
        noted += usize::from(news);
    }
    Ok(Json(json!({ "alerts": told, "noted": noted })))
}

/// As the lab would have told it.
fn alert(told: Told, since_ms: u64) -> Alert {
    let mut labels = told.labels;
    let said = |name: &str| told.annotations.get(name).cloned().unwrap_or_default();
    Alert {
        name: labels.remove("alertname").unwrap_or_default(),
        state: match told.status {
            Status::Firing => AlertState::Firing,
            Status::Resolved => AlertState::Resolved,
        },
        severity: labels.get("severity").cloned().unwrap_or_default(),
        value: None,
        summary: said("summary"),
        description: said("description"),
        runbook: said("runbook_url"),
        since_ms,
        source: Some(SOURCE.to_owned()),
        labels,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Alertmanager 0.25 sends it.
    const NOTICE: &str = r#"{"receiver":"controller","status":"firing","alerts":[{"status":"firing",
        "labels":{"alertname":"BudgetBurnsAt14","journey":"checkout","severity":"page"},
        "annotations":{"summary":"checkout burns","runbook_url":"deploy/runbooks/budget-burn.md"},
        "startsAt":"2026-11-23T04:22:10.5Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"a1"}],
        "groupLabels":{},"commonLabels":{},"commonAnnotations":{},"externalURL":"","version":"4","groupKey":"{}:{}",
        "truncatedAlerts":0}"#;

    #[test]
    fn an_alert_is_read_as_the_lab_would_have_told_it() {
        let notice: Notice = serde_json::from_str(NOTICE).unwrap();
        assert!(notice.alerts[0].starts_at.parse::<Timestamp>().is_ok());
        let alert = alert(notice.alerts.into_iter().next().unwrap(), 1_500);
        assert_eq!((alert.name.as_str(), alert.severity.as_str()), ("BudgetBurnsAt14", "page"));
        assert_eq!((alert.state, alert.since_ms), (AlertState::Firing, 1_500));
        assert_eq!(alert.runbook, "deploy/runbooks/budget-burn.md");
        assert!(alert.labels.contains_key("journey") && !alert.labels.contains_key("alertname"));
        assert_eq!(alert.source.as_deref(), Some("alertmanager"));
    }
}
