//! What goes in and out of a breaker: the states that are seen, how a call ended, the leave to make one.

use std::time::Duration;

/// What a metric or a person sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Closed,
    Open,
    HalfOpen,
    ForcedOpen,
    Disabled,
    /// Refuses nothing; its transitions are the ones that it would have made.
    MetricsOnly,
}

impl State {
    pub const ALL: [State; 6] =
        [State::Closed, State::Open, State::HalfOpen, State::ForcedOpen, State::Disabled, State::MetricsOnly];

    /// The value of the label `state`.
    pub fn name(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half_open",
            State::ForcedOpen => "forced_open",
            State::Disabled => "disabled",
            State::MetricsOnly => "metrics_only",
        }
    }
}

/// How a call ended, in the breaker's eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered, with a "no" of the business as well.
    Success,
    /// It failed, timed out, or was refused by a limit of the callee (429, RESOURCE_EXHAUSTED): such a refusal lowers the
    /// rate and fails a probe, as in linkerd2-proxy, so that it can never close a breaker.
    Failure,
    /// It says nothing of the callee, because nothing was sent. A probe is given back.
    Ignored,
}

/// The breaker refuses the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// When it may be worth asking again; exact while Open, a hint while HalfOpen or ForcedOpen.
    pub retry_after: Duration,
}

/// The right to make one call. It must come back, through [`Breaker::record`] or [`Breaker::cancel`]: a probe that is
/// lost would keep its place.
///
/// [`Breaker::record`]: super::Breaker::record
/// [`Breaker::cancel`]: super::Breaker::cancel
#[derive(Debug)]
#[must_use = "a permit goes back through record or cancel"]
pub struct Permit {
    /// The result counts only while the breaker is in the same epoch.
    pub(super) epoch: u64,
    pub(super) started: Duration,
    /// In `0..1`: how long an opening lasts that this call's result causes.
    pub(super) draw: f64,
    /// Counted as slow before its end; in a window, under this number.
    pub(super) counted: Option<u64>,
}
