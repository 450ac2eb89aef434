//! The same order was charged again, and the bank could not tell: no key, or another one.

use std::collections::{BTreeMap, BTreeSet};

use super::super::seen::Seen;
use super::{Found, MechanismKind, mechanism};
use crate::case::Case;

pub(super) fn find(case: &Case<'_>, seen: &Seen) -> Vec<Found> {
    found(case, seen).into_iter().collect()
}

fn found(case: &Case<'_>, seen: &Seen) -> Option<Found> {
    let charges = case.recording.ledgers.charges.as_ref()?;
    let mut by_order: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for charge in charges {
        let at = case.moments.on_clock(charge.at_unix_ms);
        let counted = by_order.entry(&charge.reference).or_default();
        counted.0 += 1;
        // The charge that is one too many is the later one.
        counted.1 += u64::from(counted.0 > 1 && (seen.span.from..seen.span.to).contains(&at));
    }
    let again: Vec<(&str, u64)> = by_order
        .iter()
        .filter(|(_, (_, again))| *again > 0)
        .map(|(order, (_, again))| (*order, *again))
        .collect();
    let (first, _) = again.first()?;
    let more: u64 = again.iter().map(|(_, again)| again).sum();
    let orders: BTreeSet<&str> = charges
        .iter()
        .filter(|charge| (seen.span.from..seen.span.to).contains(&case.moments.on_clock(charge.at_unix_ms)))
        .map(|charge| charge.reference.as_str())
        .collect();
    let what = format!(
        "{} of {} orders were charged more than once: {more} charges too many, for the bank saw no key that says so",
        again.len(),
        orders.len()
    );
    let evidence = format!(
        "ledgers/charges.jsonl: charges of the same order, {}, such as {first}",
        case.moments.name(seen.span)
    );
    // Money that is taken twice outweighs whatever else went wrong for its share.
    let share = again.len() as f64 / orders.len().max(1) as f64;
    Some((share.max(0.5), mechanism(MechanismKind::Duplicated, "payment->bank", what, evidence)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::found as seen_in;
    use super::*;
    use crate::testbed::{Bed, charge};

    /// The order is charged at the start, and again in the outage or before it.
    fn charged_again(at_unix_ms: u64) -> Bed {
        let mut bed = Bed::never_recovered();
        let again = evidence::Charge { at_unix_ms, ..charge("o1-7") };
        bed.ledgers.charges.as_mut().unwrap().push(again);
        bed
    }

    #[test]
    fn an_order_that_was_charged_again_is_a_duplicate() {
        let found = seen_in(&charged_again(9_000), find);
        assert!(found[0].evidence.ends_with("such as o1-7"), "{found:?}");
    }

    #[test]
    fn what_was_charged_again_before_the_fault_is_none_of_it() {
        assert!(seen_in(&charged_again(2_000), find).is_empty());
    }

    #[test]
    fn without_a_ledger_nothing_is_known() {
        let mut bed = charged_again(9_000);
        bed.ledgers.charges = None;
        assert!(seen_in(&bed, find).is_empty());
    }
}
