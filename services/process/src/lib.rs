//! How any process of the lab starts, tells what it does, joins the
//! controller, keeps time, keeps what it must not lose, and stops.
//!
//! It knows nothing of shops, policies or faults: a policy is a JSON document
//! that it hands on, and an address is a string.

mod admin;
mod clock;
mod listen;
mod membership;
mod options;
mod route;
mod serve;
mod spans;
mod start;
mod store;
mod telemetry;
mod timer;

pub use admin::{guarded, jsonl, require_token};
pub use clock::monotonic_us;
pub use listen::listen;
pub use membership::{Endpoints, Instance, Membership, PolicyRevision};
pub use options::{Identity, Options};
pub use route::service_url;
pub use serve::{MAX_CONCURRENT_STREAMS, serve};
pub use spans::{SLOW_SPAN, Sampling, Tracer, trace_is_sampled};
pub use start::{Process, start};
pub use store::{Store, StoreError};
pub use timer::Timer;

/// Upper bounds in seconds of every latency histogram of the lab. One set for
/// all, so that any two can be compared and summed. The marks around 30 s are
/// where the incident's bank answers.
pub const LATENCY_BUCKETS: [f64; 29] = [
    0.001, 0.002, 0.005, 0.010, 0.025, 0.050, 0.075, 0.100, 0.150, 0.250, 0.500, 0.750, 1.0, 1.5, 2.0, 3.0,
    5.0, 7.5, 10.0, 15.0, 20.0, 25.0, 29.0, 30.0, 31.0, 35.0, 60.0, 120.0, 300.0,
];
