//! The calling side. Each policy is a layer in a file of its own, and takes the
//! policy that the request is pinned to.
//!
//! ```text
//! call (kill switch) > layers around all attempts > attempt (span) > layers around each > connection
//! ```
//!
//! The order of the layers is data: [`resilience::layers`].

mod attempt;
mod call;
mod connection;
mod edge;
mod failure;
mod grpc;
mod layers;
pub(crate) mod pushback;
mod shift;

pub use call::Caller;
pub(crate) use connection::Connections;
pub use failure::{Answer, Failure, FailureKind};
pub use grpc::GrpcCaller;
