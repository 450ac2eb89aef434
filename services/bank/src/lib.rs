//! The bank: somebody else's API that charges cards, and the one place of the
//! lab where faults are part of the service, because a sick bank is what the
//! shop must survive.
//!
//! It commits on receipt and answers after its latency; it knows no limit of
//! its own. Faults arrive on the admin port, guarded by the operator's token,
//! live on leases, and show in no metric, span, log or answer but by their effect.

mod admin;
mod api;
mod course;
mod delivery;
mod effects;
mod faults;
mod flags;
mod latency;
mod ledger;
mod metrics;
mod record;
mod run;
mod trace;

pub use flags::Flags;
pub use run::run;
