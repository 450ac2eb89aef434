//! Priority shedding: who is let in when not everybody can be.
//!
//! Every request has a [`Standing`], stamped where the user comes in: the class of what it is for, and the cohort of
//! who asks. A service that is overloaded admits the best of them and refuses the rest at its door, before they cost
//! anything ([`Shedder`]). After DAGOR (Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC 2018).
//! Callers are not told the level: a refusal costs them one short call.

mod config;
mod shedder;
mod standing;
mod window;

pub use config::Shed;
pub use shedder::{Seen, Shedder};
pub use standing::{COHORTS, Class, Standing, cohort};

#[cfg(test)]
mod tests;
