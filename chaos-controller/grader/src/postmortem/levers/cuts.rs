//! Which levers cut which mechanism. What is not here was tried and does not: backoff alone, dropping only what has expired,
//! more workers, longer queues.

use super::Lever::{self, *};
use crate::truth::MechanismKind;

/// What cuts a mechanism, and the same in words.
pub(in crate::postmortem) fn cuts(kind: MechanismKind) -> (&'static [Lever], &'static str) {
    match kind {
        MechanismKind::PoolExhausted => (
            &[Timeout, Deadline, Breaker, Bulkhead, Decouple],
            "a timeout or a breaker on the call that holds the workers, a bulkhead around it, or charging later",
        ),
        MechanismKind::UnboundedWait => (
            &[Timeout, Deadline, Breaker, Bulkhead, Decouple],
            "a timeout on the call, or a deadline for the whole request",
        ),
        MechanismKind::RetryAmplification => (
            &[RetryLimit, Breaker],
            "a retry budget, a breaker, or no retries at this layer; backoff alone is none",
        ),
        MechanismKind::LateQueue => (
            &[ShortQueue, NewestFirst, Codel, DropExpired, Deadline, Shed],
            "a short queue, the newest first, CoDel, or refusing what has no time left",
        ),
        MechanismKind::WastedWork => (
            &[Deadline, Cancel, DropExpired],
            "a deadline that travels with the request, or cancelling when the caller leaves",
        ),
        MechanismKind::SharedPool => (
            &[Bulkhead, Decouple],
            "a bulkhead: workers that the sick call cannot take, or a pool of its own",
        ),
        MechanismKind::Metastable => (
            &[RetryLimit, Breaker, ShortQueue, NewestFirst, Codel, Deadline, Cancel, Shed],
            "what ends the load that feeds itself: a retry budget, a breaker, a short queue, the newest first, deadlines",
        ),
        MechanismKind::Duplicated => (
            &[Idempotency],
            "an idempotency key on every charge; a reconciliation finds the rest, and prevents none",
        ),
        MechanismKind::DeadInstance => (
            &[Eject, Timeout, Breaker],
            "ejecting what does not answer, timeouts, or sending to the least loaded",
        ),
        MechanismKind::Overload => {
            (&[Shed], "shedding by priority: who pays goes first, and the rest is told at once")
        }
    }
}

/// A mechanism as people say it.
pub(in crate::postmortem) fn said(kind: MechanismKind) -> &'static str {
    match kind {
        MechanismKind::PoolExhausted => "all workers held",
        MechanismKind::UnboundedWait => "a wait without a bound",
        MechanismKind::RetryAmplification => "retries that multiply the load",
        MechanismKind::LateQueue => "a queue longer than anybody waits",
        MechanismKind::WastedWork => "work for users who have left",
        MechanismKind::SharedPool => "workers shared with the sick call",
        MechanismKind::Metastable => "an outage that keeps itself alive",
        MechanismKind::Duplicated => "the same charge made twice",
        MechanismKind::DeadInstance => "requests sent to an instance that does not answer",
        MechanismKind::Overload => "more load than all workers can serve",
    }
}
