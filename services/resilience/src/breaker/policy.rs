//! What a person may say about a circuit breaker.
//!
//! Where no source is named, the default is the lab's own choice for calls of 100 ms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::{Setting, Span};

/// A circuit breaker over the last `window` attempts, or over those of the last `window_time`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerPolicy {
    /// How many of the last calls are looked at; not used while `window_time` is on. Default 100, as in resilience4j.
    #[schemars(range(min = 1, max = 100_000))]
    pub window: u32,
    /// Looks at the calls of this time instead, kept in ten steps: a call counts for at least nine tenths of it, and
    /// never longer. Default `off`.
    pub window_time: Setting<Span>,
    /// It never opens on fewer calls than these. Default: the window; 100 with `window_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub minimum_calls: Option<u32>,
    /// Opens at this share of failed calls. Default 0.5, as in resilience4j.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub failure_rate: f64,
    /// Opens at this share of slow calls. Default 0.5.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub slow_call_rate: f64,
    /// A call is slow from here on, even while it still runs. Default `off`: no call is slow.
    pub slow_call_duration: Setting<Span>,
    /// How long it stays open before it lets probes through. Default 5s, as in Polly.
    pub open_for: Span,
    /// By how much it stays open longer after each failed round of probes. Default 1: always the same.
    #[schemars(range(min = 1, max = 100))]
    pub open_factor: f64,
    /// The longest time it stays open when `open_factor` is above 1, before jitter. Default 60s.
    pub open_cap: Span,
    /// Each opening lasts longer by a random share of up to this much, so that the instances of a caller do not probe at
    /// the same moment. Never shorter: a callee is left alone for `open_for` at least. Default 0.
    #[schemars(range(min = 0, max = 1))]
    pub open_jitter: f64,
    /// How many probes decide. Default 10, as in resilience4j.
    #[schemars(range(min = 1, max = 10_000))]
    pub half_open_calls: u32,
    /// Probes that are all out and undecided for so long have failed. Default 60s.
    pub half_open_for: Setting<Span>,
    /// `forced_open` refuses every call, `disabled` lets every call through unseen, `metrics_only` lets every call
    /// through and shows what `auto` would have done. A change begins closed, with nothing counted. Default `auto`.
    pub state: BreakerMode,
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
    MetricsOnly,
}

/// Calls looked at, and the fewest to open on, unless something else is said.
const CALLS: u32 = 100;

impl Default for BreakerPolicy {
    fn default() -> BreakerPolicy {
        BreakerPolicy {
            window: CALLS,
            window_time: Setting::Off,
            minimum_calls: None,
            failure_rate: 0.5,
            slow_call_rate: 0.5,
            slow_call_duration: Setting::Off,
            open_for: Span::seconds(5),
            open_factor: 1.0,
            open_cap: Span::seconds(60),
            open_jitter: 0.0,
            half_open_calls: 10,
            half_open_for: Setting::On(Span::seconds(60)),
            state: BreakerMode::Auto,
        }
    }
}

impl BreakerPolicy {
    /// The fewest calls that it opens on.
    ///
    /// A written minimum above the window is a problem where both stand in one row. Rows laid over each other can come to
    /// it all the same; then the window holds, because the other reading is a breaker that never opens.
    pub fn minimum(&self) -> u32 {
        match self.window_time {
            Setting::On(_) => self.minimum_calls.unwrap_or(CALLS),
            Setting::Off => self.minimum_calls.unwrap_or(self.window).min(self.window),
        }
    }

    /// The same with nothing left to a default.
    pub fn in_force(&self) -> BreakerPolicy {
        BreakerPolicy { minimum_calls: Some(self.minimum()), ..*self }
    }
}
