//! A cluster in this process, for tests: an API that keeps objects and refuses what the shipped Role does not list, the
//! controllers that make pods, and a network that obeys policies as an engine of some kind would.
//!
//! Left out: schemas (the client's types hold those), watches, and everything that the guard never asks for.

mod api;
mod network;
mod objects;
mod role;
mod state;

pub(super) use network::Engine;
pub(super) use state::Fake;
