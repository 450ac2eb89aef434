//! The written form of the policy, with the default of each field and where it is from.
//!
//! One set of fields serves all four algorithms; a field that the chosen one does not use is kept and does nothing,
//! so that the algorithm can be changed by one word.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::{Setting, Span};

/// How many calls may be open at once, learned from their latency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Concurrency {
    /// What learns. Default `gradient`: of the four it answers a latency fault soonest.
    pub algorithm: Algorithm,
    /// The limit to begin with. Best near the expected one: `aimd` and `gradient2` grow by about 1 a window.
    /// Default 20 (Netflix).
    #[schemars(range(min = 1, max = 100_000))]
    pub initial: u32,
    /// The limit is never lower. Default 3 (Envoy). Netflix's 20 still holds 20 workers when the callee takes 30 s.
    #[schemars(range(min = 1, max = 100_000))]
    pub min: u32,
    /// The limit is never higher, unless `min` is. Default 1000 (Netflix's Vegas, Envoy).
    #[schemars(range(min = 1, max = 100_000))]
    pub max: u32,
    /// How long samples are gathered for one change of the limit. Default 100ms (Envoy; Netflix: 1s).
    pub window: Span,
    /// `gradient2`: how much longer than usual is still usual. Default 1.5 (Netflix); only 1 keeps it at the knee.
    #[schemars(range(min = 1, max = 10))]
    pub tolerance: f64,
    /// `gradient2`: the share of the way to a new limit that one window goes. Default 0.2 (Netflix).
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub smoothing: f64,
    /// `gradient2`: calls that may queue at the callee. Default 4 (Netflix).
    #[schemars(range(min = 1, max = 10_000))]
    pub queue_size: u32,
    /// `aimd`: what is left of the limit after a window with a drop. Default 0.9 (Netflix).
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub backoff: f64,
    /// `aimd`: a latency above this is a drop, though the call may still succeed. Default 5s (Netflix), which sees no
    /// congestion before that; twice the usual latency is a better choice.
    pub timeout: Span,
    /// `gradient`: how much longer than the least latency is still good, as a share of it. Default 0.25 (Envoy).
    #[schemars(range(min = 0, max = 10))]
    pub buffer: f64,
    /// `gradient`: how often the least latency is measured anew, at half the limit. Default 60s (Envoy); `off`: only
    /// after five windows at `min`.
    pub probe_every: Setting<Span>,
}

/// What turns a window of samples into the next limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Algorithm {
    /// One more after a good window, a tenth less after a bad one.
    Aimd,
    /// By the queue that the latency above the least latency stands for.
    Vegas,
    /// By the latency over its own long average (Netflix).
    Gradient2,
    /// By the least latency over the latency (Envoy).
    #[default]
    Gradient,
}

impl Default for Concurrency {
    fn default() -> Concurrency {
        Concurrency {
            algorithm: Algorithm::default(),
            initial: 20,
            min: 3,
            max: 1_000,
            window: Span::millis(100),
            tolerance: 1.5,
            smoothing: 0.2,
            queue_size: 4,
            backoff: 0.9,
            timeout: Span::seconds(5),
            buffer: 0.25,
            probe_every: Setting::On(Span::seconds(60)),
        }
    }
}

impl Concurrency {
    /// The limit, kept within its bounds.
    pub(super) fn bounded(&self, limit: f64) -> f64 {
        let min = f64::from(self.min.max(1));
        limit.clamp(min, f64::from(self.max).max(min))
    }

    pub(super) fn window(&self) -> Duration {
        self.window.get().max(Duration::from_millis(1))
    }
}
