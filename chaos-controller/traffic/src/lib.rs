//! The load of the lab and the user's eye: an open-loop generator that offers a
//! seeded schedule whatever the shop does, and logs every request from its
//! *intended* time.
//!
//! Several of these processes share a load by the numbers of its arrivals.
//!
//! It obeys what the controller says (`Load`) and judges nothing: objectives,
//! goodput and verdicts are computed from its log by others.
//!
//! ```text
//!  Load -> Schedule -> pace -> Connections -> [ frontend ]
//!                       |          |
//!                    Flights <- answers        -> RequestLog -> controller
//! ```

mod answer;
mod connections;
mod course;
mod engine;
mod flights;
mod journey;
mod log;
mod logarithm;
mod meters;
mod pace;
mod profile;
mod report;
mod run;
pub mod schedule;
mod share;
pub mod summary;

pub use engine::Engine;
pub use journey::{Journey, PAGE_MARKER};
pub use pace::pace;
pub use run::run;
