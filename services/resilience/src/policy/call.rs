//! What a service does when it calls another: timeouts, retries, breaker, bulkhead, fallback.
//!
//! Only the written form, which field is there. What a missing one means is in [`super::snapshot`]; a policy with fields
//! and states of its own has a module of its own ([`crate::retry`], [`crate::breaker`], ...).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::server::Places;
use super::setting::{Setting, Switch};
use super::span::Span;
use crate::balance::Balance;
use crate::breaker::BreakerPolicy;
use crate::concurrency::Concurrency;
use crate::fallback::Fallback;
use crate::hedge::Hedge;
use crate::layers::Layer;
use crate::outlier::Outlier;
use crate::retry::RetryPolicy;
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
    /// How many of these calls one instance may have open at once, learned from their latency. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Setting<Concurrency>>,
    /// Refuses a share of the attempts while the callee refuses or fails them. Default `off`.
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
    /// What is answered when the call fails. `pending` accepts the order and settles it later: only on order's
    /// `payment.Charge`. `stale` gives the last good answer to the same question: only on calls that read. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Setting<Fallback>>,
    /// How old an answer may be that `fallback: stale` gives. Default 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_for: Option<Span>,
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
