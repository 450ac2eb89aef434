//! Alerts: the rule file that a Prometheus would use, evaluated each second on the live samples. What fires and what
//! resolves is in the journal, for everybody: the rules know only what users and services show, so they cannot tell
//! of a fault.
//!
//! ```text
//!             true                true for `for`            not true, for `keep_firing_for`
//!  (nothing) -----> pending ------------------------> firing ------------------------------> resolved
//!      ^---------------'  not true
//! ```
//! Left out: groups' intervals, and telling anybody beyond the journal, the pulse and the API. Where a Prometheus is the
//! source of the samples (`--prometheus`), it evaluates the alerts too, and its Alertmanager tells them here (`heard.rs`);
//! what rules record is still evaluated here, so that it can be asked for.

mod board;
mod evaluate;
mod heard;
mod record;
mod template;

pub(crate) use board::Board;
pub use evaluate::rules;
pub(crate) use evaluate::{answer, evaluate, firing, hear, told};
