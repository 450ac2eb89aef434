//! Adaptive concurrency: how many calls may be open at once, learned from how long they take.
//!
//! ```text
//!   try_acquire ---> [ limiter: in flight < limit ] ---> Permit
//!                        ^              | a window of samples
//!                        | limit        v
//!                    aimd | vegas | gradient2 | gradient
//! ```
//! The limiter counts and cuts time into windows; an algorithm turns a window into the next limit. Both are used
//! by a caller (calls open at once) and by a server (workers that run at once).
//!
//! Two limiters in series fight: the inner one's refusals and queue are the outer one's latency, and the two lower
//! each other in turn. Put one where the queue is, and a fixed bulkhead elsewhere. And one limiter over calls of
//! very different latency learns the mix, not the callee: a caller has one per kind of call, a server makes the
//! latencies of its methods comparable first ([`Mix`]).

mod aimd;
mod config;
mod estimator;
mod gradient;
mod gradient2;
mod limiter;
mod mix;
mod vegas;
mod window;

#[cfg(test)]
mod tests;

pub use config::{Algorithm, Concurrency};
pub use limiter::{Limiter, Outcome, Permit};
pub use mix::Mix;
