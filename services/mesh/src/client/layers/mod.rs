//! The policies around a call, each a file: what it asks of its state machine, and the timer that it needs.
//!
//! Middleware over one [`Next`] rather than a tower of types, because the order is data and is swapped while calls are
//! under way. What is off is not in the stack, so it costs nothing; what is on costs one allocation for its future.

mod attempt_timeout;
pub(super) mod balance;
pub(super) mod breaker;
pub(super) mod bulkhead;
pub(super) mod concurrency;
pub(super) mod fallback;
pub(super) mod hedge;
mod next;
mod outlier;
pub(super) mod retry;
pub(super) mod throttle;
mod total_timeout;

#[cfg(test)]
mod testbed;

pub(crate) use next::{Exchange, Next};
