//! The harness of the whole-lab tests: real processes of the real program, told and asked as a person would, from the
//! command line and over HTTP. It knows the program by its documented faces only; the two pure crates that it uses read
//! what a candidate must get, and verify a journal.
//!
//! Left out: every unit test. Those sit under the code.

pub mod browser;
pub mod engine;
pub mod exposition;
pub mod http;
mod lanes;
pub mod ledgers;
pub mod monitoring;
pub mod oracle;
pub mod played;
pub mod processes;
pub mod program;
pub mod repo;
pub mod scrapes;
pub mod scratch;
pub mod site;
pub mod stop;
pub mod tools;
pub mod wait;

pub use browser::{Axe, Browser, Eyes};
pub use engine::Engine;
pub use lanes::{Turn, in_lanes};
pub use played::{Played, Playing};
pub use program::Said;
pub use scratch::Scratch;
pub use site::{Lab, Role, Site};
pub use wait::until;
