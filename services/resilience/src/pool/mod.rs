//! The worker pool of a service: workers, one bounded queue, bulkheads between methods, two priorities.
//!
//! ```text
//!   offer --> [ queue, by arrival ] --> worker 1..n --> finish
//!               a class at its bulkhead is passed over, and blocks nobody
//! ```
//! Only the accounting: it says which item starts when. Running it, timers and callers that have left are `mesh`.
//! Unlike a semaphore in the handler, work that has been offered stays until someone takes it out.

mod class;
mod queue;

#[cfg(test)]
mod tests;

pub use queue::{Expired, Offer, Pool, Priority, Start, Ticket};
