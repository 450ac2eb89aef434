//! The race of a slow read with a second attempt at another instance. The first answer wins, the other attempt is
//! dropped: its stream is reset, and neither breaker nor ejector holds it against anybody.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use resilience::Call;
use resilience::hedge::{Hedging, Why};

use super::Next;
use super::balance::Tried;
use crate::client::edge::Edge;
use crate::client::{Answer, Failure};
use crate::status;

pub(super) async fn layer(next: Next<'_>) -> Result<Answer, Failure> {
    let edge = next.call.edge;
    let began = edge.now();
    let wait = edge.hedging.begin(began);
    let tried = Tried::default();
    let mut first = Next { tried: Some(&tried), ..next }.run();
    let late = match wait {
        Some(wait) => tokio::time::timeout(wait, &mut first).await,
        None => Ok(first.as_mut().await),
    };
    if let Ok(result) = late {
        edge.hedging.learn(edge, began, result.is_ok());
        return result;
    }
    if let Err(why) = edge.hedging.admit(&next) {
        count(edge, why.name());
        let result = first.await;
        edge.hedging.learn(edge, began, result.is_ok());
        return result;
    }
    count(edge, "sent");
    let mut second = Next { tried: Some(&tried), resends: next.resends + 1, ..next }.run();
    // Biased: an answer that was asked for earlier is as good and spares a reset.
    let (ended, other, second_ended) = tokio::select! {
        biased;
        ended = &mut first => (ended, &mut second, false),
        ended = &mut second => (ended, &mut first, true),
    };
    let (result, second_won) = match ended {
        Ok(answer) => (Ok(answer), second_ended),
        Err(failure) => match other.await {
            Ok(answer) => (Ok(answer), !second_ended),
            Err(last) => (Err(both(failure, last)), false),
        },
    };
    // A first attempt that lost took at least as long as this: it stays among the slow.
    edge.hedging.learn(edge, began, result.is_ok());
    count(
        edge,
        if result.is_err() {
            "failed"
        } else if second_won {
            "won"
        } else {
            "lost"
        },
    );
    result
}

/// The later failure, which may have been done if either may.
fn both(earlier: Failure, last: Failure) -> Failure {
    if status::surely_not_done(&earlier.status) { last } else { last.maybe_done() }
}

fn count(edge: &Edge, outcome: &str) {
    edge.metrics.hedges.with_label_values(&[edge.target, edge.method, outcome]).inc();
}

/// What one edge has learned of its latency.
#[derive(Default)]
pub(crate) struct Learned {
    machine: Mutex<Option<Hedging>>,
}

impl Learned {
    pub(crate) fn configure(&self, call: &Call) {
        match (&mut *self.machine(), &call.hedge) {
            (Some(hedging), Some(rules)) => hedging.configure(rules),
            (hedging, rules) => *hedging = rules.as_ref().map(Hedging::new),
        }
    }

    /// How long to wait for the first attempt; for ever while that is not known.
    fn begin(&self, now: Duration) -> Option<Duration> {
        self.machine().as_mut()?.begin(now)
    }

    fn admit(&self, next: &Next<'_>) -> Result<(), Why> {
        let edge = next.call.edge;
        edge.budget.with(edge.now(), |budget, now| match self.machine().as_mut() {
            Some(hedging) => hedging.admit(now, next.left(), budget),
            // Switched off while it waited.
            None => Err(Why::Share),
        })
    }

    /// What an answer teaches; a failure teaches nothing of the latency.
    fn learn(&self, edge: &Edge, began: Duration, answered: bool) {
        let now = edge.now();
        if let Some(hedging) = self.machine().as_mut().filter(|_| answered) {
            hedging.learn(now.saturating_sub(began), now);
        }
    }

    fn machine(&self) -> MutexGuard<'_, Option<Hedging>> {
        self.machine.lock().expect("no panic in a hedge's arithmetic")
    }
}

#[cfg(test)]
mod tests;
