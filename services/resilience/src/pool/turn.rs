//! What goes into the pool and what comes out of it.

use std::sync::Arc;
use std::time::Duration;

use crate::deadline::Late;

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    Normal,
    /// Starts only when no normal work can, and never takes a normal item's place in the queue.
    Background,
}

/// Give it to a worker, now.
#[derive(Debug, PartialEq, Eq)]
pub struct Start<T> {
    pub item: T,
    /// What to name in [`super::Pool::finish`].
    pub class: Arc<str>,
    pub priority: Priority,
    /// How long it queued.
    pub waited: Duration,
}

/// Answer it unrun.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused<T> {
    pub item: T,
    pub class: Arc<str>,
    pub priority: Priority,
    /// How long it queued.
    pub waited: Duration,
    pub why: Refusal,
}

/// Why an item never starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The queue has no place.
    Full,
    /// It waited as long as the policy allows.
    Wait,
    /// It waited too long in an overloaded queue.
    Codel,
    /// What is left until its deadline is too little.
    Deadline(Late),
}

impl Refusal {
    /// The word on metrics.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::Full => "queue_full",
            Refusal::Wait => "queue_wait",
            Refusal::Codel => "codel",
            Refusal::Deadline(Late::Passed) => "deadline",
            Refusal::Deadline(Late::Floor) => "deadline_floor",
            Refusal::Deadline(Late::Expected) => "deadline_expected",
        }
    }
}

/// What became of an offered item.
#[derive(Debug, PartialEq, Eq)]
pub enum Offer<T> {
    Start(Start<T>),
    /// It waits; the ticket takes it out again.
    Queued(Ticket),
    Refused(Refused<T>),
}

/// What a change of the pool sets going. To be carried out whole: the refused have no other end.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Turn<T> {
    pub starts: Vec<Start<T>>,
    pub refused: Vec<Refused<T>>,
}

impl<T> Default for Turn<T> {
    fn default() -> Turn<T> {
        Turn { starts: Vec::new(), refused: Vec::new() }
    }
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub(super) class: usize,
    pub(super) priority: Priority,
    pub(super) number: u64,
}
