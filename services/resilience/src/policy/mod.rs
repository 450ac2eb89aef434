//! The policy document: what it may say, how it is checked, changed and compared, and what it comes to for
//! one service.
//!
//! The JSON form is the canonical one; the typed form exists to be checked and turned into a [`Snapshot`].
//! Reading YAML and pointing at its lines is the drill reader's job.

pub mod bounds;
pub mod call;
pub mod check;
pub mod diff;
pub mod document;
pub mod flags;
pub mod merge;
pub mod path;
pub mod problem;
pub mod scale;
pub mod schema;
pub mod server;
pub mod setting;
pub mod snapshot;
pub mod span;
pub mod topology;

mod contradiction;
mod in_force;
mod row;
mod shape;

pub use crate::fallback::Fallback;
pub use bounds::{Bound, Violation, check_bounds, violations};
pub use call::CallPolicy;
pub use check::check;
pub use diff::{Change, diff};
pub use document::{Document, ServicePolicy, SettlerPolicy};
pub use merge::merge;
pub use problem::{Problem, check_patch, parse};
pub use scale::scale;
pub use schema::{patch_schema, schema};
pub use server::{Cancel, ServerLayer, ServerPolicy};
pub use setting::{Setting, Switch};
pub use snapshot::{Call, Server, SettlerRate, Snapshot};
pub use span::Span;
