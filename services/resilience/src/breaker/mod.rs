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
//! After resilience4j's breaker, with the holes closed that it was reported for: a dropped probe gives its place back
//! (resilience4j #903, #935), a result from before the last transition counts for nothing, and a slow call counts when
//! it *becomes* slow, not when it ends (at a latency of 30 s the others are blind for 30 s). There is one breaker per
//! callee, not per instance: one sick host among many is for outlier ejection.

mod machine;
mod policy;
mod state;
mod window;

#[cfg(test)]
mod tests;

pub use machine::Breaker;
pub use policy::{BreakerMode, BreakerPolicy};
pub use state::{Open, Outcome, Permit, State};
