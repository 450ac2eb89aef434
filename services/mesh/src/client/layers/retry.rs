//! Trying again, as often as the policy and its budget allow.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use prometheus::Gauge;
use resilience::Call;
use resilience::budget::RetryBudget;
use resilience::retry::{self, Decision, Time, Why};

use super::Next;
use crate::client::edge::Refusal;
use crate::client::{Answer, Failure};
use crate::status;

pub(super) async fn layer(next: Next<'_>) -> Result<Answer, Failure> {
    let (edge, ctx) = (next.call.edge, next.call.ctx);
    let mut retries = 0;
    let mut nothing_done = true;
    loop {
        let failure = match (Next { resends: next.resends + retries, ..next }).run().await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        nothing_done &= status::surely_not_done(&failure.status);
        let decision = edge.budget.with(edge.now(), |budget, now| {
            let policy = &next.call.policy.retry;
            let time = Time { left: ctx.remaining(), floor: Duration::ZERO };
            retry::next(policy, retries, &failure.for_retry(), time, budget, now, edge.draw())
        });
        match decision {
            Decision::After(wait) if wait.is_zero() => {}
            Decision::After(wait) => tokio::time::sleep(wait).await,
            Decision::Stop(why) => {
                match why {
                    Why::Budget => edge.count_refusal(Refusal::Budget),
                    Why::Deadline => edge.count_refusal(Refusal::Deadline),
                    Why::Class | Why::Marked | Why::Exhausted => {}
                }
                return Err(if nothing_done { failure } else { failure.maybe_done() });
            }
        }
        retries += 1;
    }
}

/// The budget that the retries of one edge share.
pub(crate) struct Budget {
    machine: Mutex<Option<RetryBudget>>,
    tokens: Gauge,
}

impl Budget {
    pub(crate) fn new(tokens: Gauge) -> Self {
        Self { machine: Mutex::default(), tokens }
    }

    pub(crate) fn configure(&self, call: &Call, now: Duration) {
        match (&mut *self.machine(), call.retry.budget.on()) {
            (Some(budget), Some(policy)) => budget.reconfigure(policy, now),
            (budget, policy) => *budget = policy.map(RetryBudget::new),
        }
    }

    /// An original call is made: it earns its share of a retry.
    pub(crate) fn deposit(&self, now: Duration) {
        if let Some(budget) = self.machine().as_mut() {
            budget.deposit(now);
        }
    }

    /// Lets `decide` spend from the budget, if there is one.
    pub(crate) fn with<R>(
        &self,
        now: Duration,
        decide: impl FnOnce(Option<&mut RetryBudget>, Duration) -> R,
    ) -> R {
        let mut machine = self.machine();
        let decision = decide(machine.as_mut(), now);
        if let Some(budget) = machine.as_mut() {
            self.tokens.set(budget.tokens(now));
        }
        decision
    }

    fn machine(&self) -> MutexGuard<'_, Option<RetryBudget>> {
        self.machine.lock().expect("no panic in a budget's arithmetic")
    }
}
