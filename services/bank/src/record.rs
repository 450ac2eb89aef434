//! What one application of a fault did: whom it hit, what was delivered, and
//! what of it is still under way.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fault::FaultSpec;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::delivery::Delivery;
use crate::effects;

/// The record of a fault, shared with the calls that it hit. They may end long
/// after the fault.
pub(crate) struct Record {
    /// Cancelled when the calls under way are to be let go.
    let_go: CancellationToken,
    counts: Mutex<Counts>,
}

/// What was counted since the last reset; a hit from before a reset is not.
pub(crate) struct Counts {
    generation: u64,
    /// Calls that could have been hit.
    pub(crate) seen: u64,
    /// On the clock that faults are on.
    pub(crate) first_seen: Option<Duration>,
    pub(crate) last_seen: Option<Duration>,
    pub(crate) hits: u64,
    abandoned: u64,
    aborted: u64,
    under_way: u64,
    /// Of the charges that were hit.
    pub(crate) money: Money,
    /// What was to be charged for them instead, in cents.
    pub(crate) due_cents: f64,
    /// Hits that charged: one whose key is known already charges nothing.
    pub(crate) charges: u64,
    pub(crate) delivery: Delivery,
}

/// What was asked for, and what was charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) asked_cents: i64,
    pub(crate) charged_cents: i64,
}

/// One call that the fault hit; under way until dropped.
pub(crate) struct Hit {
    record: Arc<Record>,
    generation: u64,
}

impl Record {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { let_go: CancellationToken::new(), counts: Mutex::new(Counts::new(0, 0)) })
    }

    /// A call came that the fault is about.
    pub(crate) fn saw(&self, now: Duration) {
        let mut counts = self.counts();
        counts.seen += 1;
        counts.first_seen.get_or_insert(now);
        counts.last_seen = Some(now);
    }

    pub(crate) fn hit(self: &Arc<Self>) -> Hit {
        let mut counts = self.counts();
        counts.hits += 1;
        counts.under_way += 1;
        Hit { record: Arc::clone(self), generation: counts.generation }
    }

    /// Lets the calls under way go; returns how many there are.
    pub(crate) fn abort(&self) -> u64 {
        self.let_go.cancel();
        self.counts().under_way
    }

    pub(crate) fn reset(&self) {
        let mut counts = self.counts();
        *counts = Counts::new(counts.generation + 1, counts.under_way);
    }

    /// Counts and doses, as an object.
    pub(crate) fn summary(&self, spec: &FaultSpec) -> Value {
        let counts = self.counts();
        let mut summary = counts.delivery.summary();
        summary["dose"] = json!(effects::measure(spec, &counts));
        for (name, value) in [
            ("seen", counts.seen),
            ("hits", counts.hits),
            ("delivered", counts.delivery.count()),
            ("abandoned", counts.abandoned),
            ("aborted", counts.aborted),
            ("in_flight", counts.under_way),
        ] {
            summary[name] = json!(value);
        }
        summary
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().expect("no panic while the counts are held")
    }
}

impl Counts {
    fn new(generation: u64, under_way: u64) -> Self {
        Self {
            generation,
            seen: 0,
            first_seen: None,
            last_seen: None,
            hits: 0,
            abandoned: 0,
            aborted: 0,
            under_way,
            money: Money::default(),
            due_cents: 0.0,
            charges: 0,
            delivery: Delivery::new(),
        }
    }
}

impl Hit {
    /// Ends when the call is to be let go.
    pub(crate) async fn let_go(&self) {
        self.record.let_go.cancelled().await;
    }

    /// The latency asked for is over, after `delivered`.
    pub(crate) fn delivered(&self, requested: Duration, delivered: Duration) {
        self.count(|counts| counts.delivery.record(requested, delivered));
    }

    /// This was charged, where so many cents were due.
    pub(crate) fn charged(&self, money: Money, due_cents: f64) {
        self.count(|counts| {
            counts.charges += 1;
            counts.due_cents += due_cents;
            counts.money.asked_cents += money.asked_cents;
            counts.money.charged_cents += money.charged_cents;
        });
    }

    /// The caller had left before its answer.
    pub(crate) fn abandoned(&self) {
        self.count(|counts| counts.abandoned += 1);
    }

    /// The call was let go before its dose was delivered.
    pub(crate) fn aborted(&self) {
        self.count(|counts| counts.aborted += 1);
    }

    fn count(&self, count: impl FnOnce(&mut Counts)) {
        let mut counts = self.record.counts();
        if counts.generation == self.generation {
            count(&mut counts);
        }
    }
}

impl Drop for Hit {
    fn drop(&mut self) {
        self.record.counts().under_way -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fault::{Effect, Hang};

    fn hang() -> FaultSpec {
        FaultSpec::new(Effect::Hang(Hang {}))
    }

    #[test]
    fn a_hit_is_under_way_until_it_is_dropped() {
        let record = Record::new();
        let hits = [record.hit(), record.hit()];
        assert_eq!(record.summary(&hang())["in_flight"], 2);
        drop(hits);
        assert_eq!(
            (&record.summary(&hang())["in_flight"], &record.summary(&hang())["hits"]),
            (&json!(0), &json!(2))
        );
    }

    #[test]
    fn a_reset_forgets_what_was_hit_before_it() {
        let record = Record::new();
        let before = record.hit();
        record.reset();
        let after = record.hit();
        before.delivered(Duration::from_secs(30), Duration::from_secs(30));
        after.delivered(Duration::from_secs(1), Duration::from_secs(1));
        let summary = record.summary(&hang());
        assert_eq!((&summary["hits"], &summary["delivered"]), (&json!(1), &json!(1)));
        assert_eq!(summary["in_flight"], 2);
    }
}
