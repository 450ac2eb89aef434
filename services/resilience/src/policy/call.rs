//! What a service does when it calls another: timeouts, retries, breaker, bulkhead, fallback.
//!
//! Only the written form. What a missing field means is in [`super::snapshot`]; what the policies do is in a
//! module of its own each ([`crate::retry`], [`crate::breaker`], ...).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::server::Places;
use super::setting::{Setting, Switch};
use super::span::Span;
use crate::balance::Balance;
use crate::concurrency::Concurrency;
use crate::hedge::Hedge;
use crate::layers::Layer;
use crate::outlier::Outlier;
use crate::shift::Shift;
use crate::throttle::Throttle;

/// One row of `calls`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallPolicy {
    /// How long one attempt may take. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_timeout: Option<Setting<Span>>,
    /// How long the call may take with all its retries and the waits between them. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_timeout: Option<Setting<Span>>,
    /// When and how often it is tried again. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// Stops calling a callee that fails or is slow. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Setting<BreakerPolicy>>,
    /// How many of these calls one instance may have open at once. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Setting<Places>>")]
    pub bulkhead: Option<Setting<u32>>,
    /// How many of them may be open at once, learned from their latency. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Setting<Concurrency>>,
    /// Refuses a share of them while the callee refuses or fails them. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Setting<Throttle>>,
    /// Which instance is called. Default: each in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balance>,
    /// Leaves out instances that fail. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlier: Option<Setting<Outlier>>,
    /// A second attempt at a read that takes longer than most. Only on calls that change nothing. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge: Option<Setting<Hedge>>,
    /// Sends the order id as an idempotency key, so that the bank charges once. Only on payment's
    /// `bank.charge`. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<Switch>,
    /// What is answered when the call fails: `pending` accepts the order and settles it later. Only on order's
    /// `payment.Charge`. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Setting<Fallback>>,
    /// Whether the callee is told how long this call waits for it, and stops then. `off`: it is told the deadline of the
    /// user's request, if there is one, and nothing of the timeouts here. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagate: Option<Switch>,
    /// Sends a share of the calls to the callee's second region. Only on payment's calls of the bank, in drills whose
    /// bank has a second region. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<Setting<Shift>>,
    /// `off` is the kill switch: the call fails at once. Default `on`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<Switch>,
    /// The order in which the policies stand around the call, outermost first. The ones that are named change places
    /// among themselves, the others stay. Default: fallback, total_timeout, retry, hedge, throttle, breaker, balance,
    /// concurrency, bulkhead, attempt_timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<Layer>>,
}

/// Trying again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryPolicy {
    /// Attempts after the first: 3 means 4 attempts in all. Default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_retries: Option<u32>,
    /// What is worth another try: `unavailable` = the callee answered 503 or could not be reached, `timeout` =
    /// the attempt timeout of this call ran out. Default: both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Vec<RetryOn>>,
    /// The wait before a retry. Default `off`: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Setting<BackoffPolicy>>,
    /// How many retries all calls of this kind may make together. Default `off`: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Setting<BudgetPolicy>>,
}

/// A reason to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum RetryOn {
    Unavailable,
    Timeout,
}

/// The wait before retry n: `min(cap, base * factor^(n-1))`, then jitter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackoffPolicy {
    /// The wait before the first retry. Default 100ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Span>,
    /// By how much each wait is longer than the one before. Default 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub factor: Option<f64>,
    /// The longest wait. Default 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Span>,
    /// How the wait is spread: `none`, `full` = anything from 0 to the wait, `equal` = half of it for sure.
    /// Default `full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Jitter>,
}

/// How a wait is spread, so that callers that failed together do not come back together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Jitter {
    None,
    #[default]
    Full,
    Equal,
}

/// Retries are paid for with tokens that original calls earn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetPolicy {
    /// Retries earned by one original call. Default 0.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10))]
    pub ratio: Option<f64>,
    /// Retries per second that are there without any calls. Default 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub min_per_second: Option<f64>,
    /// How long an earned retry can be kept. Default 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Span>,
}

/// A circuit breaker over the last `window` calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakerPolicy {
    /// How many of the last calls are looked at. Default 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub window: Option<u32>,
    /// It never opens on fewer calls than these. Default: the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub minimum_calls: Option<u32>,
    /// Opens at this share of failed calls. Default 0.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub failure_rate: Option<f64>,
    /// Opens at this share of slow calls. Default 0.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub slow_call_rate: Option<f64>,
    /// A call is slow from here on, even while it still runs. Default `off`: no call is slow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_call_duration: Option<Setting<Span>>,
    /// How long it stays open before it lets probes through. Default 5s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_for: Option<Span>,
    /// By how much it stays open longer after each failed round of probes. Default 1: always the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub open_factor: Option<f64>,
    /// The longest time it stays open when `open_factor` is above 1. Default 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_cap: Option<Span>,
    /// How many probes decide. Default 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub half_open_calls: Option<u32>,
    /// Probes that are all out and undecided for so long have failed. Default 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_open_for: Option<Setting<Span>>,
    /// `forced_open` refuses every call, `disabled` lets every call through. Default `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<BreakerMode>,
}

/// Who decides about the breaker's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum BreakerMode {
    #[default]
    Auto,
    ForcedOpen,
    Disabled,
}

/// What is answered instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Fallback {
    Pending,
}
