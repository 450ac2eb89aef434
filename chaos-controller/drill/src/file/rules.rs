//! Rules in the format of Prometheus, as far as it says something here: groups of alerts and of recordings. A file is
//! held against the schema of its alerts, and each recording against its own, so that a mistake is told where it is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// A rule file, as it is without its recordings.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct RulesFile {
    groups: Vec<GroupFile>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct GroupFile {
    name: String,
    /// How often a Prometheus evaluates it. The lab evaluates each second.
    interval: Option<String>,
    rules: Vec<AlertFile>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertFile {
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

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordingFile {
    /// The name of the series that it makes.
    pub(crate) record: String,
    /// PromQL. Each series of the answer becomes one of these.
    pub(crate) expr: String,
    /// Labels that they get besides those of the answer.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
}
