//! The timeline taken apart into what is applied: each round of a fault that comes back is a fault of its own, by its own
//! name, so that it is journaled, measured and cleared like any other.

use std::time::Duration;

use drill::{Fault, Plan};

/// One application of a fault.
#[derive(Debug)]
pub(super) struct Round<'a> {
    pub(super) id: String,
    /// After t0.
    pub(super) at: Duration,
    pub(super) fault: &'a Fault,
}

/// In the order of their times; those of the same time in the plan's order.
pub(super) fn rounds(plan: &Plan) -> Vec<Round<'_>> {
    let of = |fault: &'_ Fault| fault.rounds().enumerate().collect::<Vec<_>>();
    let mut rounds: Vec<Round<'_>> = plan
        .faults
        .iter()
        .flat_map(|fault| {
            of(fault).into_iter().map(move |(round, at)| Round { id: fault.round_id(round), at, fault })
        })
        .collect();
    rounds.sort_by_key(|round| round.at);
    rounds
}
