//! How the shop serves and calls.
//!
//! ```text
//! serving:  listener > trace, deadline > admission queue > worker (detached) > handler
//! calling:  handler > kill switch > layers (retry, breaker, ...) > attempt > connection
//! ```
//!
//! Every decision on the way is one of `resilience`'s state machines under the
//! policy in force; this crate adds the clock, the timers and the wire. It
//! knows nothing of shops, and nothing of faults.

mod client;
mod context;
mod headers;
mod metrics;
mod policy;
mod server;
mod status;
mod trace;

mod hub;

pub use client::{Answer, Caller, Failure, FailureKind, GrpcCaller};
pub use context::Ctx;
pub use hub::Mesh;
pub use policy::LivePolicy;
pub use server::{Protocol, serve};
pub use status::{decline, not_done, pass_up, retry_after, surely_not_done, unavailable};
