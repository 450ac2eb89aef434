//! The conditions of a run, looked at once a pulse, which is once a scrape: what must hold before the fault, what stops
//! the run, and what a step of the script waits for. They decide when to go on; what is true in the end is graded from
//! the recording.

use std::sync::Arc;
use std::time::Duration;

use drill::{Guardrail, Held, Steady, holds};
use evidence::kind;
use evidence::promql::Query;
use process::monotonic_us;
use resilience::policy::Span;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::alerts;
use crate::api::Pulse;
use crate::lab::Lab;

use super::{Ended, Run};

/// Whether a query holds now. What cannot be answered does not.
async fn now(lab: &Lab, query: &Query) -> bool {
    // The newest scrape is in, so now is not before it.
    let t_ms = monotonic_us().saturating_sub(lab.start_us) / 1000;
    alerts::answer(lab, query, t_ms).await.is_some_and(|answer| holds(&answer))
}

fn clock_ms() -> u64 {
    monotonic_us() / 1000
}

async fn pulse(run: &Run, pulses: &mut watch::Receiver<Arc<Pulse>>) -> Result<(), Ended> {
    tokio::select! {
        changed = pulses.changed() => changed.map_err(|_| Ended::Interrupted),
        () = run.abort.cancelled() => Err(Ended::Interrupted),
    }
}

/// Waits until a condition has held for its time.
pub(super) async fn wait(lab: &Lab, run: &Run, query: &Query, length: Duration) -> Result<(), Ended> {
    let mut pulses = lab.pulse.subscribe();
    let mut held = Held::default();
    loop {
        pulse(run, &mut pulses).await?;
        if held.look(now(lab, query).await, clock_ms(), length) {
            return Ok(());
        }
    }
}

/// Waits until a guardrail has held for its time, and notes it. For ever, if the plan has none.
pub(super) async fn guard(lab: &Lab, run: &Run) -> Ended {
    let mut watched: Vec<(&Guardrail, Held)> =
        run.plan.guardrails.iter().map(|guardrail| (guardrail, Held::default())).collect();
    if watched.is_empty() {
        std::future::pending::<()>().await;
    }
    let mut pulses = lab.pulse.subscribe();
    loop {
        if let Err(ended) = pulse(run, &mut pulses).await {
            return ended;
        }
        for (guardrail, held) in &mut watched {
            let Some(body) = stops(lab, run, guardrail, held).await else { continue };
            return match lab.note(kind::GUARDRAIL, "controller", body) {
                Ok(()) => Ended::Guardrail(guardrail.name().to_owned()),
                Err(error) => error.into(),
            };
        }
    }
}

/// What the journal says of a guardrail that stops the run; `None` while it does not.
async fn stops(lab: &Lab, run: &Run, guardrail: &Guardrail, held: &mut Held) -> Option<Value> {
    match guardrail {
        Guardrail::Condition { name, promql, length } => {
            let due = held.look(now(lab, promql).await, clock_ms(), *length);
            due.then(|| json!({"name": name, "promql": promql, "for": Span(*length).to_string()}))
        }
        Guardrail::Budget { name, error_budget } => {
            let failed = run.spent.failed();
            let (journey, spent) = run.plan.budget_spent(error_budget.journey, &failed)?;
            let body = json!({
                "name": name,
                "journey": journey,
                "failed": failed[usize::from(journey.index())],
                "budget": run.plan.error_budget(journey),
                "spent": spent,
                "limit": error_budget.spent,
            });
            (spent >= error_budget.spent).then_some(body)
        }
    }
}

/// What must hold besides the goodput before a fault may begin.
pub(super) struct SteadyState<'a> {
    watched: Vec<(&'a Steady, Held, bool)>,
    length: Duration,
}

impl<'a> SteadyState<'a> {
    pub(super) fn new(run: &'a Run) -> Self {
        let watched = run.plan.steady_state.iter().map(|steady| (steady, Held::default(), false)).collect();
        Self { watched, length: run.plan.baseline.proven_for }
    }

    /// Looks at all of it.
    pub(super) async fn look(&mut self, lab: &Lab) {
        for (steady, held, due) in &mut self.watched {
            *due = held.look(now(lab, &steady.promql).await, clock_ms(), self.length);
        }
    }

    /// What has not held for its time, by name; empty if all has.
    pub(super) fn missing(&self) -> Vec<&'a str> {
        self.watched.iter().filter(|(.., due)| !due).map(|(steady, ..)| steady.name.as_str()).collect()
    }
}
