//! Outlier ejection as part of choosing an instance ([`super::balance`]): which failures are held against an instance,
//! and what is told of an ejection.

use std::time::Duration;

pub(super) use resilience::outlier::Outcome;
use resilience::outlier::{Ejection, Ejector, Outlier};
use tonic::Code;

use crate::client::edge::Edge;
use crate::client::{Failure, FailureKind};

/// What a failure says of the instance that answered it, or did not.
pub(super) fn outcome(failure: &Failure) -> Outcome {
    match failure.kind {
        FailureKind::Rejected => Outcome::Ignored,
        // 429: it works, and for others.
        FailureKind::Unavailable if failure.status.code() == Code::ResourceExhausted => Outcome::Ignored,
        _ if failure.is_the_callees() => Outcome::Failed,
        _ => Outcome::Answered,
    }
}

/// The ejector of one edge, and what it tells.
pub(super) struct Ejecting {
    machine: Ejector,
}

impl Ejecting {
    pub(super) fn new(rules: &Outlier, edge: &Edge) -> Self {
        let ejecting = Self { machine: Ejector::new(rules, edge.now()) };
        ejecting.show(edge);
        ejecting
    }

    pub(super) fn configure(&mut self, rules: &Outlier) {
        self.machine.configure(rules);
    }

    pub(super) fn meet<'a>(
        &mut self,
        names: impl Iterator<Item = &'a str> + Clone,
        edge: &Edge,
        now: Duration,
    ) {
        self.machine.meet(names, now);
        self.show(edge);
    }

    /// Whether attempts may go to it.
    pub(super) fn lets(&self, name: &str) -> bool {
        self.machine.is_in(name)
    }

    pub(super) fn sweep(&mut self, edge: &Edge, now: Duration) {
        let swept = self.machine.sweep(now, edge.draw());
        for instance in &swept.back {
            tracing::info!(edge = edge.name, instance, "instance is tried again");
        }
        for ejection in &swept.ejected {
            tell(edge, ejection);
        }
        if !(swept.back.is_empty() && swept.ejected.is_empty()) {
            self.show(edge);
        }
    }

    pub(super) fn record(
        &mut self,
        edge: &Edge,
        name: &str,
        began: Duration,
        now: Duration,
        outcome: Outcome,
    ) {
        if let Some(ejection) = self.machine.record(name, began, now, outcome, edge.draw()) {
            tell(edge, &ejection);
            self.show(edge);
        }
    }

    fn show(&self, edge: &Edge) {
        let ejected = i64::try_from(self.machine.ejected()).unwrap_or(i64::MAX);
        edge.metrics.ejected.with_label_values(&[edge.target, edge.method]).set(ejected);
    }
}

/// There is no ejector, so there is nothing to show.
pub(super) fn hide(edge: &Edge) {
    let _ = edge.metrics.ejected.remove_label_values(&[edge.target, edge.method]);
}

fn tell(edge: &Edge, ejection: &Ejection) {
    let reason = ejection.reason.name();
    edge.metrics.ejections.with_label_values(&[edge.target, edge.method, reason]).inc();
    let lasts_ms = u64::try_from(ejection.lasts.as_millis()).unwrap_or(u64::MAX);
    tracing::warn!(edge = edge.name, instance = ejection.instance, reason, lasts_ms, "instance is ejected");
}
