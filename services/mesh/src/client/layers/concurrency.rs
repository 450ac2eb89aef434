//! How many attempts may be open at once, learned from how long they take. The limit is the machine's; this file tells it
//! how each attempt ended.
//!
//! A success is a sample. An attempt that the end of the whole call ends was given up. Another timeout of ours, a 503, a 429
//! and a 504 are drops. Any other failure is no sample: it says nothing about room, and it is often quick. A refusal of
//! ours further in was no attempt.

use std::sync::{Mutex, MutexGuard};

use prometheus::IntGauge;
use resilience::Call;
use resilience::concurrency::{Limiter, Outcome, Permit};
use tonic::Code;

use super::Next;
use crate::client::edge::{Edge, Refusal};
use crate::client::{Answer, Failure, FailureKind};
use crate::status;

pub(super) async fn layer(next: Next<'_>) -> Result<Answer, Failure> {
    let edge = next.call.edge;
    let Some(held) = edge.concurrency.enter(edge)? else { return next.run().await };
    let result = next.run().await;
    held.end(outcome(&result, next.is_over()));
    result
}

/// What an attempt's end says about room at the callee. `over`: the time of the whole call is.
fn outcome(result: &Result<Answer, Failure>, over: bool) -> Outcome {
    let Err(failure) = result else { return Outcome::Answered };
    match failure.kind {
        // The deadline was over before anything was sent.
        FailureKind::Timeout if status::surely_not_done(&failure.status) => Outcome::Failed,
        // An attempt that began just before the end was hardly given a chance.
        FailureKind::Timeout if over => Outcome::GivenUp,
        FailureKind::Timeout => Outcome::TimedOut,
        FailureKind::Unavailable => Outcome::Refused,
        FailureKind::Answered
            if matches!(failure.status.code(), Code::DeadlineExceeded | Code::Cancelled) =>
        {
            Outcome::TimedOut
        }
        FailureKind::Answered | FailureKind::Unreachable | FailureKind::Broken | FailureKind::Rejected => {
            Outcome::Failed
        }
    }
}

/// The limiter of one edge.
#[derive(Default)]
pub(crate) struct Limited {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Kept when the policy turns it off: permits that are out must come back
    /// to the machine that gave them.
    machine: Option<Limiter>,
    /// Shows the limit, while it is on.
    shown: Option<IntGauge>,
}

impl Limited {
    pub(crate) fn configure(&self, edge: &Edge, call: &Call) {
        let now = edge.now();
        let labels = [edge.target, edge.method];
        let mut state = self.state();
        let was_on = state.shown.is_some();
        let Some(rules) = &call.concurrency else {
            if state.shown.take().is_some() {
                let _ = edge.metrics.concurrency_limit.remove_label_values(&labels);
            }
            return;
        };
        match &mut state.machine {
            Some(limiter) if was_on => limiter.reconfigure(rules, now),
            Some(limiter) => limiter.restart(rules, now),
            none => *none = Some(Limiter::new(rules, now)),
        }
        state.shown = Some(edge.metrics.concurrency_limit.with_label_values(&labels));
        state.show();
    }

    /// Leave for one attempt; `None` when the limit is off by now.
    fn enter<'a>(&self, edge: &'a Edge) -> Result<Option<Held<'a>>, Failure> {
        let mut state = self.state();
        if state.shown.is_none() {
            return Ok(None);
        }
        let Some(limiter) = &mut state.machine else { return Ok(None) };
        let permit = limiter.try_acquire(edge.now());
        state.show();
        drop(state);
        match permit {
            Some(permit) => Ok(Some(Held { edge, permit: Some(permit) })),
            None => Err(edge.refuse(Refusal::Concurrency)),
        }
    }

    fn leave(&self, edge: &Edge, permit: Permit, outcome: Outcome) {
        let mut state = self.state();
        if let Some(limiter) = &mut state.machine {
            limiter.release(permit, edge.now(), outcome);
        }
        state.show();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic in a state machine")
    }
}

impl State {
    fn show(&self) {
        if let (Some(gauge), Some(limiter)) = (&self.shown, &self.machine) {
            gauge.set(i64::from(limiter.limit()));
        }
    }
}

/// Leave for one attempt, given back when dropped.
struct Held<'a> {
    edge: &'a Edge,
    permit: Option<Permit>,
}

impl Held<'_> {
    fn end(mut self, outcome: Outcome) {
        if let Some(permit) = self.permit.take() {
            self.edge.concurrency.leave(self.edge, permit, outcome);
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.edge.concurrency.leave(self.edge, permit, Outcome::GivenUp);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use prometheus::Registry;
    use resilience::concurrency::Concurrency;
    use tonic::Status;

    use super::*;
    use crate::metrics::ClientMetrics;

    fn edge(limit: u32) -> (Arc<Edge>, Call) {
        let metrics = ClientMetrics::new(&Registry::new()).unwrap();
        let edge = Arc::new(Edge::new("bank", "charge", &metrics));
        let concurrency = Concurrency { initial: limit, ..Concurrency::default() };
        let call = Call { concurrency: Some(concurrency), ..Call::default() };
        edge.configure(&call);
        (edge, call)
    }

    fn shown(edge: &Edge) -> i64 {
        edge.metrics.concurrency_limit.with_label_values(&["bank", "charge"]).get()
    }

    fn refused(edge: &Edge) -> u64 {
        edge.metrics.refused.with_label_values(&["bank", "charge", "concurrency"]).get()
    }

    #[test]
    fn an_attempt_above_the_limit_is_refused_and_counted_and_a_dropped_one_gives_its_permit_back() {
        let (edge, _) = edge(3);
        let held: Vec<_> = (0..3).map(|_| edge.concurrency.enter(&edge).unwrap().unwrap()).collect();
        let failure = edge.concurrency.enter(&edge).err().unwrap();
        assert_eq!((failure.kind, failure.status.message()), (FailureKind::Rejected, "concurrency limit"));
        assert!(status::forbids_retry(failure.status.metadata()));
        assert_eq!((shown(&edge), refused(&edge)), (3, 1));
        drop(held);
        assert!(edge.concurrency.enter(&edge).unwrap().is_some());
    }

    #[test]
    fn a_limit_that_is_turned_off_lets_everything_through_and_still_takes_its_permits_back() {
        let (edge, on) = edge(3);
        let held: Vec<_> = (0..3).map(|_| edge.concurrency.enter(&edge).unwrap().unwrap()).collect();
        edge.configure(&Call::default());
        assert!(edge.concurrency.enter(&edge).unwrap().is_none());
        edge.configure(&on);
        assert!(edge.concurrency.enter(&edge).is_err(), "three are still open");
        drop(held);
        assert_eq!(edge.concurrency.state().machine.as_ref().unwrap().in_flight(), 0);
    }

    #[test]
    fn only_what_says_something_about_room_is_a_drop() {
        let told = |failure: Failure| outcome(&Err(failure), false);
        assert_eq!(told(Failure::timeout("no answer in time")), Outcome::TimedOut);
        assert_eq!(told(Failure::answered(Status::deadline_exceeded("late"))), Outcome::TimedOut);
        assert_eq!(
            told(Failure::answered(Status::cancelled("late"))),
            Outcome::TimedOut,
            "gRPC cancels what is late"
        );
        assert_eq!(told(Failure::answered(Status::unavailable("full"))), Outcome::Refused);
        assert_eq!(told(Failure::answered(Status::resource_exhausted("429"))), Outcome::Refused);
        for failure in [
            Failure::too_late(),
            Failure::unreachable(),
            Failure::rejected("breaker is open"),
            Failure::answered(Status::internal("broken")),
            Failure::answered(Status::failed_precondition("no")),
        ] {
            assert_eq!(told(failure), Outcome::Failed);
        }
        assert_eq!(outcome(&Err(Failure::timeout("no answer before the deadline")), true), Outcome::GivenUp);
    }
}
