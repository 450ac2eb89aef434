//! Refusing a share of our own calls while the callee refuses or fails them. The share is the machine's; this file says
//! what an accept is.

use std::sync::{Mutex, MutexGuard};

use resilience::Call;
use resilience::throttle::{Sent, Throttler};

use super::Next;
use crate::client::edge::{Edge, Refusal};
use crate::client::{Answer, Failure, FailureKind};
use crate::status;

pub(super) async fn layer(next: Next<'_>) -> Result<Answer, Failure> {
    let edge = next.call.edge;
    let Some(sent) = edge.throttle.send(edge, edge.draw())? else { return next.run().await };
    let mut asked = Asked { edge, sent: Some(sent), verdict: Verdict::Failed };
    let result = next.run().await;
    asked.verdict = verdict(&result);
    result
}

/// A request that was sent. Dropped half-way, the callee did not answer in the time that it had.
struct Asked<'a> {
    edge: &'a Edge,
    sent: Option<Sent>,
    verdict: Verdict,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if let Some(sent) = self.sent.take() {
            self.edge.throttle.tell(sent, self.verdict);
        }
    }
}

/// What the callee did with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It answered, if only with a "no" of the business.
    Accepted,
    /// It refused it, failed it, or did not answer.
    Failed,
    /// It never saw it, for a reason on this side.
    NotSent,
}

fn verdict(result: &Result<Answer, Failure>) -> Verdict {
    match result {
        Ok(_) => Verdict::Accepted,
        Err(failure) if failure.kind == FailureKind::Rejected => Verdict::NotSent,
        Err(failure) if failure.kind == FailureKind::Timeout && status::surely_not_done(&failure.status) => {
            Verdict::NotSent
        }
        Err(failure) if failure.is_the_callees() => Verdict::Failed,
        Err(_) => Verdict::Accepted,
    }
}

/// The throttle of one edge.
#[derive(Default)]
pub(crate) struct Throttled {
    machine: Mutex<Option<Throttler>>,
}

impl Throttled {
    pub(crate) fn configure(&self, call: &Call) {
        match (&mut *self.machine(), &call.throttle) {
            (Some(throttler), Some(rules)) => throttler.reconfigure(rules),
            (machine, rules) => *machine = rules.as_ref().map(Throttler::new),
        }
    }

    /// Leave for one attempt; `None` when the throttle is off by now.
    fn send(&self, edge: &Edge, draw: f64) -> Result<Option<Sent>, Failure> {
        let now = edge.now();
        let sent = match &mut *self.machine() {
            None => return Ok(None),
            Some(throttler) => throttler.send(now, draw),
        };
        sent.map(Some).ok_or_else(|| edge.refuse(Refusal::Throttle))
    }

    fn tell(&self, sent: Sent, verdict: Verdict) {
        let mut machine = self.machine();
        let Some(throttler) = &mut *machine else { return };
        match verdict {
            Verdict::Accepted => throttler.accepted(sent),
            Verdict::NotSent => throttler.take_back(sent),
            Verdict::Failed => throttler.failed(sent),
        }
    }

    fn machine(&self) -> MutexGuard<'_, Option<Throttler>> {
        self.machine.lock().expect("no panic in a state machine")
    }
}

#[cfg(test)]
mod tests {
    use prometheus::Registry;
    use resilience::throttle::Throttle;
    use tonic::Status;

    use super::*;
    use crate::metrics::ClientMetrics;

    #[test]
    fn what_is_throttled_is_counted_and_not_worth_a_retry() {
        let metrics = ClientMetrics::new(&Registry::new()).unwrap();
        let edge = Edge::new("bank", "charge", &metrics);
        assert!(edge.throttle.send(&edge, 0.0).unwrap().is_none(), "it is off");
        edge.configure(&Call { throttle: Some(Throttle::default()), ..Call::default() });
        let first = edge.throttle.send(&edge, 0.0).unwrap().unwrap();
        edge.throttle.tell(first, Verdict::Failed);
        let failure = edge.throttle.send(&edge, 0.0).unwrap_err();
        assert_eq!((failure.kind, failure.status.message()), (FailureKind::Rejected, "throttled"));
        assert!(status::forbids_retry(failure.status.metadata()));
        assert_eq!(metrics.refused.with_label_values(&["bank", "charge", "throttle"]).get(), 1);
    }

    #[test]
    fn an_accept_is_an_answer_that_is_no_failure_and_no_refusal() {
        let told = |failure: Failure| verdict(&Err(failure));
        for failure in [
            Failure::timeout("no answer in time"),
            Failure::unreachable(),
            Failure::answered(Status::unavailable("full")),
            Failure::answered(Status::resource_exhausted("429")),
            Failure::answered(Status::deadline_exceeded("late")),
            Failure::answered(Status::internal("broken")),
        ] {
            assert_eq!(told(failure), Verdict::Failed);
        }
        assert_eq!(told(Failure::answered(Status::failed_precondition("no"))), Verdict::Accepted);
        assert_eq!(told(Failure::too_late()), Verdict::NotSent);
        assert_eq!(told(Failure::rejected("breaker is open")), Verdict::NotSent);
    }
}
