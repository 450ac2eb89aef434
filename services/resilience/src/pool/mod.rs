//! The worker pool of a service: workers, one bounded queue, bulkheads between methods, two priorities.
//!
//! ```text
//!   offer --> [ queue: oldest or newest first ] --> worker 1..n --> finish
//!     |              |   a class at its bulkhead is passed over, and blocks nobody
//!   full     waited too long, overloaded, too late: refused before a worker has it
//! ```
//! Only the accounting: it says which item starts when. Running it, timers and callers that have left are `mesh`.
//! Unlike a semaphore in the handler, work that has been offered stays until someone takes it out.

mod class;
mod codel;
mod config;
mod queue;
mod turn;
mod weed;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub use codel::Codel;
pub use config::{Order, Queue};
pub use queue::Pool;
pub use turn::{Offer, Priority, Refusal, Refused, Start, Ticket, Turn};
