//! What a person may say about a retry budget.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::Span;

/// What all the retries of one kind of call may come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetPolicy {
    /// `window`: calls earn retries, at `ratio`; under total failure the load is 1 + `ratio`. `tokens`: failures cost,
    /// successes earn; under total failure the retries end altogether. Default `window`.
    pub kind: BudgetKind,
    /// Of `window`: retries earned by one original call. Default 0.2, as in Finagle.
    #[schemars(range(min = 0, max = 10))]
    pub ratio: f64,
    /// Of `window`: retries per second that are there without any calls. Default 10, as in Finagle.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub min_per_second: f64,
    /// Of `window`: how long an earned retry can be kept. Default 10s, as in Finagle.
    pub window: Span,
    /// Of `tokens`: tokens at most, and at the start; it retries only with more than half of them. Default 10, the
    /// example of gRPC A6.
    #[schemars(range(min = 1, max = 1_000))]
    pub max_tokens: u32,
    /// Of `tokens`: tokens earned by an attempt that succeeds; one that fails costs 1. Default 0.1, the example of
    /// gRPC A6.
    #[schemars(range(max = 1_000), extend("exclusiveMinimum" = 0))]
    pub token_ratio: f64,
}

/// Which family of budgets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum BudgetKind {
    #[default]
    Window,
    Tokens,
}

impl Default for BudgetPolicy {
    fn default() -> BudgetPolicy {
        BudgetPolicy {
            kind: BudgetKind::Window,
            ratio: 0.2,
            min_per_second: 10.0,
            window: Span::seconds(10),
            max_tokens: 10,
            token_ratio: 0.1,
        }
    }
}
