//! What turns a cause into an outage: a file for each, which says what it looks for in the samples and the ledgers, and
//! from which figure on. Several may be true of one outage; the one that held for most of it, or of most calls, is first.

mod dead_instance;
mod duplicated;
mod late_queue;
mod metastable;
mod overload;
mod pool_exhausted;
mod retry_amplification;
mod shared_pool;
mod unbounded_wait;
mod wasted_work;

use super::seen::Seen;
use super::{Mechanism, MechanismKind, Root};
use crate::case::Case;

/// A mechanism and how strong its evidence is, 0 to 1.
type Found = (f64, Mechanism);

pub(super) fn all(case: &Case<'_>, seen: &Seen, roots: &[Root]) -> Vec<Mechanism> {
    let mut found: Vec<Found> = [
        metastable::find(case),
        pool_exhausted::find(case, seen),
        unbounded_wait::find(case, seen),
        retry_amplification::find(case, seen),
        late_queue::find(case, seen),
        wasted_work::find(case, seen),
        shared_pool::find(case, seen, roots),
        duplicated::find(case, seen),
        dead_instance::find(case, seen),
        overload::find(case, seen),
    ]
    .concat();
    // Stable: of equals the order above.
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, mechanism)| mechanism).collect()
}

fn mechanism(kind: MechanismKind, at: impl Into<String>, what: String, evidence: String) -> Mechanism {
    Mechanism { kind, at: at.into(), what, evidence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    /// What one mechanism's file finds in a bed.
    pub(super) fn found(bed: &Bed, find: fn(&Case<'_>, &Seen) -> Vec<Found>) -> Vec<Mechanism> {
        let recording = bed.recording();
        let case = Case::new(&recording, bed.plan());
        let seen = Seen::of(&case).unwrap();
        find(&case, &seen).into_iter().map(|(_, mechanism)| mechanism).collect()
    }

    #[test]
    fn the_strongest_evidence_comes_first() {
        let recording = Bed::stormy().recording();
        let case = Case::new(&recording, Bed::stormy().plan());
        let kinds: Vec<MechanismKind> =
            all(&case, &Seen::of(&case).unwrap(), &[]).into_iter().map(|one| one.kind).collect();
        let expected = [
            MechanismKind::Metastable,
            MechanismKind::PoolExhausted,
            MechanismKind::WastedWork,
            MechanismKind::RetryAmplification,
        ];
        assert_eq!(kinds, expected);
    }
}
