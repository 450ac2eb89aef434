//! What a drill says in PromQL: what must hold before the fault, what must never hold, and what is judged besides the
//! criteria that every drill has.

use resilience::policy::Span;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::budget::ErrorBudget;
use crate::condition::During;

/// Something measured that holds for a while.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    /// PromQL. Holds when the answer has a series, or is a number other than 0; `$scale` is the scale of the lab.
    pub(crate) promql: String,
    /// Default 0s: at once.
    #[serde(rename = "for", default)]
    pub(crate) length: Span,
}

/// What must hold, second by second, in the part of the baseline that is judged.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SteadyFile {
    /// Words joined by `_`.
    pub(crate) name: String,
    /// PromQL. Holds when the answer has a series, or is a number other than 0; `$scale` is the scale of the lab.
    pub(crate) promql: String,
}

/// What stops the run: a condition that holds, or an error budget that is spent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuardrailFile {
    /// Words joined by `_`.
    pub(crate) name: String,
    /// PromQL. Holds when the answer has a series, or is a number other than 0; `$scale` is the scale of the lab.
    #[serde(default)]
    pub(crate) promql: Option<String>,
    /// How long the PromQL must hold. Default 0s: at once.
    #[serde(rename = "for", default)]
    pub(crate) length: Span,
    /// Instead of PromQL.
    #[serde(default)]
    pub(crate) error_budget: Option<ErrorBudget>,
}

/// A criterion of this drill alone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnCriterionFile {
    /// Words joined by `_`; not the name of a criterion that every drill has.
    pub(crate) name: String,
    /// PromQL. Holds when the answer has a series, or is a number other than 0; `$scale` is the scale of the lab.
    pub(crate) promql: String,
    /// When it must hold, at every second. Default: recovery.
    #[serde(default)]
    pub(crate) during: During,
    /// Whether the run fails without it. Default: true.
    #[serde(default = "yes")]
    pub(crate) required: bool,
}

fn yes() -> bool {
    true
}
