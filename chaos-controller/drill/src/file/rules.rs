//! Alerting rules in the format of Prometheus, as far as it says something here: groups of alerts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// A rule file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RulesFile {
    pub(crate) groups: Vec<GroupFile>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupFile {
    pub(crate) name: String,
    /// How often a Prometheus evaluates it. The lab evaluates each second.
    #[serde(default)]
    #[expect(dead_code, reason = "a Prometheus reads it")]
    pub(crate) interval: Option<String>,
    pub(crate) rules: Vec<RuleFile>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    /// The name of the alert.
    pub(crate) alert: String,
    /// PromQL. Each series of the answer is an alert.
    pub(crate) expr: String,
    /// How long it must hold before the alert fires. Default 0s.
    #[serde(rename = "for", default)]
    pub(crate) length: Option<String>,
    /// How long it goes on after it has stopped to hold. Default 0s.
    #[serde(default)]
    pub(crate) keep_firing_for: Option<String>,
    /// Labels that the alert gets besides those of its series.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    /// What is told to people; may hold `{{ $labels.x }}` and `{{ $value }}`.
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
}
