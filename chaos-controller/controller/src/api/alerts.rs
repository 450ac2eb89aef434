//! Alerts on the wire: answer of `GET /api/alerts`, and the body of the journal's kind `alert`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Answer of `GET /api/alerts`: everything that is pending or firing, the firing ones first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Alerts {
    /// Milliseconds since the start of the lab, when the rules were last evaluated.
    pub t_ms: u64,
    /// Alerts that the lab evaluates itself; none where a Prometheus does.
    pub rules: usize,
    pub alerts: Vec<Alert>,
    /// Rules whose expression could not be evaluated, as `name: why`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
}

/// One alert: a rule, and one series that it is true of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Name of the rule.
    pub name: String,
    pub state: AlertState,
    /// Label `severity` of the rule, `page` or `ticket`.
    pub severity: String,
    /// Labels of the series and of the rule.
    pub labels: BTreeMap<String, String>,
    /// Value of the expression, when it last was true. An Alertmanager does not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    pub summary: String,
    #[serde(default)]
    pub description: String,
    /// Where the runbook is, from the project's folder.
    pub runbook: String,
    /// Milliseconds since the start of the lab: when the expression began to be true.
    #[serde(default)]
    pub since_ms: u64,
    /// Who told it, if not the lab itself: `alertmanager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// True for a shorter time than the rule's `for`.
    Pending,
    Firing,
    /// Was firing and is not true any more. Only in the journal.
    Resolved,
}

impl AlertState {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}
