//! The circuit breaker: a caller that stops calling a callee that fails or is slow.
//!
//! ```text
//!            rate reached                    open_for is over
//!   Closed ---------------> Open -------------------------------> HalfOpen
//!     ^                      ^      a probe round failed              |
//!     |                      +----------------------------------------+
//!     +---------------------------------------------------------------+
//!                     half_open_calls probes were good
//! ```
//! After resilience4j's count-based breaker, with the holes closed that it was reported for: a dropped probe gives
//! its place back, a result from before the last transition counts for nothing, and a slow call counts when it
//! *becomes* slow, not when it ends (at a latency of 30 s the others are blind for 30 s). There is no jitter on
//! `open_for`, and there is one breaker per callee, not per instance.

mod machine;
mod window;

#[cfg(test)]
mod tests;

pub use machine::{Breaker, BreakerRules, Open, Outcome, Permit, State};
