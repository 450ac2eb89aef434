//! When the outage is looked at, and what was in force then. What is true of an outage is true before anybody acts: after
//! that the recording shows the act as well.

use resilience::{Document, Snapshot};

use evidence::kind;
use serde_json::Value;

use crate::case::Case;
use crate::moments::Span;

/// Less than this before the first act shows too little: then the outage is looked at as a whole. Five scrapes.
const SHORTEST_MS: u64 = 5_000;

pub(super) struct Seen {
    /// From the fault, or where the shop is down by itself from the end of the trigger, to the first act.
    pub(super) span: Span,
    /// The part of it in which the fault is at its full dose; all of it, if that is too short.
    pub(super) full: Span,
    /// The policy at its start.
    document: Option<Document>,
}

impl Seen {
    /// `None` without a fault.
    pub(super) fn of(case: &Case<'_>) -> Option<Seen> {
        let moments = &case.moments;
        let outage = moments.outage()?;
        let to = moments.first_action.map_or(outage.to, |acted| acted.min(outage.to));
        let long = |from: u64| (to >= from + SHORTEST_MS).then_some(Span { from, to });
        let by_itself = moments.heal.filter(|_| case.plan.aftermath.is_some()).and_then(long);
        let span = by_itself.or_else(|| long(outage.from)).unwrap_or(outage);
        let full = moments.full.filter(|full| *full >= span.from).and_then(long).unwrap_or(span);
        Some(Seen { span, full, document: in_force(case, span.from) })
    }

    /// What the policy came to for a service; `None` if the document does not read.
    pub(super) fn policy(&self, service: &str) -> Option<Snapshot> {
        self.document.as_ref().map(|document| Snapshot::of(document, 0, service))
    }
}

/// The document in force at a moment.
fn in_force(case: &Case<'_>, at: u64) -> Option<Document> {
    let last = case.recording.entries(kind::POLICY).rfind(|entry| entry.t_ms <= at);
    let written = match last {
        Some(entry) => entry.body.get("document").filter(|document| document.is_object())?,
        None => &case.plan.policy,
    };
    Document::read(Value::clone(written)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    fn seen(bed: &Bed) -> Option<Span> {
        let recording = bed.recording();
        Seen::of(&Case::new(&recording, bed.plan())).map(|seen| seen.span)
    }

    #[test]
    fn an_outage_is_looked_at_until_somebody_acts() {
        assert_eq!(seen(&Bed::recovered()), Some(Span { from: 5_000, to: 10_000 }));
        assert_eq!(seen(&Bed::never_recovered()), Some(Span { from: 5_000, to: 25_000 }));
    }

    #[test]
    fn where_somebody_acted_at_once_it_is_looked_at_as_a_whole() {
        assert_eq!(seen(&Bed::well("quick", Some(7_000))), Some(Span { from: 5_000, to: 25_000 }));
    }

    #[test]
    fn a_shop_that_is_down_by_itself_is_looked_at_after_the_trigger() {
        assert_eq!(seen(&Bed::stormy()), Some(Span { from: 7_000, to: 14_000 }));
    }
}
