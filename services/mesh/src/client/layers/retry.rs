//! Trying again, as often as the policy and its budget allow.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use prometheus::Gauge;
use resilience::Call;
use resilience::budget::RetryBudget;
use resilience::retry::{self, Decision, RetryPolicy, Time, Why};

use super::{Exchange, Next};
use crate::client::edge::{Edge, Refusal};
use crate::client::{Answer, Failure};
use crate::status;

pub(super) async fn layer(next: Next<'_>) -> Result<Answer, Failure> {
    let edge = next.call.edge;
    let mut retries = 0;
    let mut nothing_done = true;
    loop {
        let failure = match (Next { resends: next.resends + retries, ..next }).run().await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        nothing_done &= status::surely_not_done(&failure.status);
        let told = |failure: Failure| Err(if nothing_done { failure } else { failure.maybe_done() });
        // The time of the call is over: nobody would wait for another attempt.
        if next.ours().is_some_and(|left| left.is_zero()) {
            return told(failure);
        }
        let decision = edge.budget.with(edge.now(), |budget, now| {
            let policy = &next.call.policy.retry;
            let time = Time { left: next.call.ctx.remaining(), floor: floor(next.call) };
            retry::next(policy, retries, &failure.for_retry(), time, budget, now, edge.draw())
        });
        match decision {
            Decision::After(wait) if wait.is_zero() => {}
            Decision::After(wait) => tokio::time::sleep(wait).await,
            Decision::Stop(why) => {
                match why {
                    Why::Budget => edge.count_refusal(Refusal::Budget),
                    Why::Deadline => edge.count_refusal(Refusal::Deadline),
                    Why::Marked => edge.count_refusal(Refusal::Marked),
                    Why::Class | Why::Exhausted => {}
                }
                return told(failure);
            }
        }
        retries += 1;
    }
}

/// The least that must be left for a retry: what the callee asks for, and what this service thinks its own work takes.
fn floor(call: &Exchange<'_>) -> Duration {
    call.policy.floor.max(call.ctx.policy().server.deadline.floor())
}

/// The budget that the retries and hedges of one edge share. While it is off there is none, and nothing to see.
#[derive(Default)]
pub(crate) struct Budget {
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    machine: RetryBudget,
    tokens: Gauge,
}

impl Budget {
    pub(crate) fn configure(&self, edge: &Edge, call: &Call) {
        let (now, labels) = (edge.now(), [edge.target, edge.method]);
        let mut kept = self.kept();
        match (&mut *kept, call.retry.budget.on()) {
            (Some(kept), Some(policy)) => kept.machine.reconfigure(policy, now),
            (kept @ None, Some(policy)) => {
                let tokens = edge.metrics.budget_tokens.with_label_values(&labels);
                *kept = Some(Kept { machine: RetryBudget::new(policy), tokens });
            }
            (kept, None) => {
                if kept.take().is_some() {
                    let _ = edge.metrics.budget_tokens.remove_label_values(&labels);
                }
            }
        }
        if let Some(kept) = kept.as_mut() {
            kept.show(now);
        }
    }

    /// A call is sent for the first time: it earns its share of a retry.
    pub(crate) fn deposit(&self, now: Duration) {
        if let Some(kept) = self.kept().as_mut() {
            kept.machine.deposit(now);
            kept.show(now);
        }
    }

    /// An attempt has ended. What another could not have helped says nothing, and neither does what was never sent.
    pub(crate) fn settle(&self, policy: &RetryPolicy, result: &Result<Answer, Failure>, now: Duration) {
        let succeeded = match result {
            Ok(_) => true,
            Err(failure) if failure.was_not_sent() => return,
            Err(failure) if !retry::is_worth_it(policy, failure.for_retry().class) => return,
            Err(_) => false,
        };
        if let Some(kept) = self.kept().as_mut() {
            kept.machine.settle(succeeded);
            kept.show(now);
        }
    }

    /// Lets `decide` spend from the budget, if there is one.
    pub(crate) fn with<R>(
        &self,
        now: Duration,
        decide: impl FnOnce(Option<&mut RetryBudget>, Duration) -> R,
    ) -> R {
        let mut kept = self.kept();
        let decision = decide(kept.as_mut().map(|kept| &mut kept.machine), now);
        if let Some(kept) = kept.as_mut() {
            kept.show(now);
        }
        decision
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().expect("no panic in a budget's arithmetic")
    }
}

impl Kept {
    fn show(&mut self, now: Duration) {
        self.tokens.set(self.machine.tokens(now));
    }
}

#[cfg(test)]
mod tests;
