//! Every resilience policy of the shop: the document that sets them, and a state machine for each.
//!
//! Pure on purpose: nothing here reads a clock, draws a random number or touches a socket. `now` is a
//! [`std::time::Duration`] since the start of the process, given as an argument, so that the same code runs
//! in the shop, under a paused clock and in a simulator. Queues, timers and transports belong to `mesh`.

pub mod backoff;
pub mod balance;
pub mod breaker;
pub mod budget;
pub mod concurrency;
pub mod deadline;
pub mod fallback;
pub mod hedge;
pub mod layers;
pub mod limit;
pub mod outlier;
pub mod policy;
pub mod pool;
pub mod rate;
pub mod rate_limit;
pub mod retry;
pub mod shed;
pub mod shift;
pub mod throttle;

pub use policy::Document;
pub use policy::snapshot::{Call, Server, Snapshot};
