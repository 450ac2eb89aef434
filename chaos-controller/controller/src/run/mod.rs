//! A run: one drill, played on the lab from its baseline to its verdict.
//!
//! ```text
//! start -> baseline -> inject -> handover -> recover -> hold -> clear -> replay -> settle      play.rs, outage.rs
//!                                                                  |
//!             reconcile -> prove_clean -> seal -> grade  <---------+--- or an abort, at any moment      close.rs
//! ```

mod aftermath;
pub(crate) mod clean;
pub(crate) mod close;
pub(crate) mod conditions;
pub(crate) mod dose;
pub(crate) mod instances;
pub(crate) mod outage;
pub(crate) mod play;
pub(crate) mod recent;
pub(crate) mod reconcile;
mod rounds;
pub(crate) mod script;
pub(crate) mod settle;
pub(crate) mod spent;
pub(crate) mod start;
pub(crate) mod surge;
mod target;

mod state;

pub(crate) use start::start;
pub(crate) use state::{Ended, Run};
