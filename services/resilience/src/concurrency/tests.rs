//! The invariants I25 to I28 under the fluid model, then the limiter itself against a callee with a queue.
//!
//! The fluid model: a caller that always has work, so that as many calls are in flight as the limit allows, and a
//! callee whose latency is 100 ms up to its knee and grows in proportion above it. A window is one mean latency. No
//! test says "converges": none of the four does for ever, so each states its horizon in windows.

mod fluid;
mod queueing;
