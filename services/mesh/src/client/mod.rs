//! The calling side, outermost first. Each layer is a file, and each takes the
//! policy that the request is pinned to.
//!
//! ```text
//! call (total timeout) > retry (budget) > breaker > bulkhead > attempt (timeout) > connection
//! ```
//!
//! Breaker inside retry: every attempt counts, and an open breaker ends the
//! retries. The order is that of the design; drills teach with it.

mod attempt;
mod call;
mod connection;
mod edge;
mod failure;
mod grpc;

pub use call::Caller;
pub(crate) use connection::Connections;
pub use failure::{Answer, Failure, FailureKind};
pub use grpc::GrpcCaller;
