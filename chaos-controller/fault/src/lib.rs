//! What a fault is: its effect, whom it hits, how it ramps, how long its lease runs, and which
//! dose a given request gets.
//!
//! PURE: no clock, no I/O, no randomness. `now` is a `Duration` since some start of the caller's,
//! and every draw is a function of (seed, purpose, key). Delivering a dose is the work of whoever
//! owns the place where it acts (the bank, the guard, later the proxy).

pub mod draw;

mod check;
mod distribution;
mod dose;
mod effect;
mod field;
mod id;
mod lease;
mod measure;
mod parse;
mod ramp;
mod set;
mod size;
mod span;
mod spec;

pub use check::{Problem, check, misplaced};
pub use dose::{Dose, Draw, dose, median};
pub use effect::{
    BANK_EFFECTS, Bucket, CommitThenFail, CpuBurn, CpuSqueeze, Disconnect, Effect, Error, Freeze, Hang, Kill,
    LONGEST_LATENCY, Latency, MalformedBody, MemoryGrowth, MemorySqueeze, Outcome, PROCESS_EFFECTS, Place,
    RateLimit, Reset, RestartLoop, Scale, SlowBody, Stop, WrongAmount,
};
pub use id::wrong_id;
pub use lease::Lease;
pub use measure::Measure;
pub use parse::parse;
pub use ramp::{Ramp, Shape};
pub use set::{Active, Change, Faults, Treatment};
pub use size::Size;
pub use span::Span;
pub use spec::{FaultSpec, Path, Region};

/// The JSON Schema of [`FaultSpec`], for whoever checks or documents files that hold one.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(FaultSpec).to_value()
}
