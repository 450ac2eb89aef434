//! The books agree: every charge has exactly one confirmed order, every confirmed order exactly one charge, of its
//! amount, and nothing is unknown or pending. Orders that were only reserved moved no money and are not counted.

use evidence::{Charge, Ledgers, Order};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::finding::Finding;

/// The reconciliation of the bank's ledger with the shop's. Amounts are in cents.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Money {
    pub charges: u64,
    pub orders: u64,
    pub confirmed: u64,
    pub confirmed_cents: i64,
    /// Charges' orders that are not confirmed, and confirmed orders without a charge.
    pub lost: u64,
    pub lost_cents: i64,
    /// Orders that were charged more than once, and what the customers paid too much.
    pub double: u64,
    pub double_cents: i64,
    /// Orders that were charged more than once before the time that is judged; reported only.
    #[serde(default)]
    pub double_before: u64,
    #[serde(default)]
    pub double_before_cents: i64,
    /// Orders left `pending`, `unknown` or `charging`.
    pub pending: u64,
    pub pending_cents: i64,
    /// Orders that the settler resolved.
    pub settled: u64,
    pub settled_cents: i64,
    /// Confirmed orders whose charge was of another amount, and what the customers paid too much (or, below zero, too
    /// little).
    #[serde(default)]
    pub wrong_amount: u64,
    #[serde(default)]
    pub wrong_amount_cents: i64,
    /// Charges that the bank's second region made, and what it took for them: reported, not judged.
    #[serde(default, skip_serializing_if = "is_none")]
    pub second_region: u64,
    #[serde(default, skip_serializing_if = "is_none")]
    pub fees_cents: u64,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Money {
    /// `None` if either ledger is missing, or both are empty: no evidence. The fee is for each charge of the bank's
    /// second region. Orders that were begun before `doubles_from` (Unix milliseconds) may have been charged twice.
    pub(crate) fn of(ledgers: &Ledgers, fee_cents: u32, doubles_from: u64) -> Option<Money> {
        let (charges, orders) = (ledgers.charges.as_ref()?, ledgers.orders.as_ref()?);
        let second_region = charges.iter().filter(|charge| charge.region.is_some()).count() as u64;
        let fees_cents = second_region * u64::from(fee_cents);
        (!charges.is_empty() || !orders.is_empty()).then(|| Money {
            second_region,
            fees_cents,
            ..reconcile(charges, orders, doubles_from)
        })
    }
}

/// In tables and not in maps: the books of a long run have a million rows each.
fn reconcile(charges: &[Charge], orders: &[Order], doubles_from: u64) -> Money {
    let mut sorted: Vec<&Charge> = charges.iter().collect();
    // Stable: the first charge of an order is the one that was meant.
    sorted.sort_by(|a, b| a.reference.cmp(&b.reference));
    let by_order: Vec<&[&Charge]> = sorted.chunk_by(|a, b| a.reference == b.reference).collect();
    let place = |order: &Order| by_order.binary_search_by(|made| made[0].reference.cmp(&order.id)).ok();
    let (mut known, mut early) = (vec![false; by_order.len()], vec![false; by_order.len()]);
    let mut money = Money { charges: charges.len() as u64, orders: orders.len() as u64, ..Money::default() };
    for order in orders {
        let place = place(order);
        if let Some(place) = place {
            early[place] |= order.created_unix_ms < doubles_from;
        }
        let unseen = place.filter(|place| !std::mem::replace(&mut known[*place], true));
        let charge = unseen.map(|place| by_order[place][0]);
        let confirmed = order.state == "confirmed";
        if confirmed {
            money.confirmed += 1;
            money.confirmed_cents += order.amount_cents;
        }
        if order.settled {
            money.settled += 1;
            money.settled_cents += order.amount_cents;
        }
        if matches!(order.state.as_str(), "pending" | "unknown" | "charging") {
            money.pending += 1;
            money.pending_cents += order.amount_cents;
        }
        if confirmed != charge.is_some() {
            money.lost += 1;
            money.lost_cents += charge.map_or(order.amount_cents, |charge| charge.amount_cents);
        }
        if let Some(charge) = charge.filter(|_| confirmed)
            && charge.amount_cents != order.amount_cents
        {
            money.wrong_amount += 1;
            money.wrong_amount_cents += charge.amount_cents - order.amount_cents;
        }
    }
    for ((made, known), early) in by_order.iter().zip(known).zip(early) {
        // Charges of orders that the shop has never heard of.
        if !known {
            money.lost += 1;
            money.lost_cents += made[0].amount_cents;
        }
        if made.len() > 1 {
            let (count, cents) = match early {
                true => (&mut money.double_before, &mut money.double_before_cents),
                false => (&mut money.double, &mut money.double_cents),
            };
            *count += 1;
            *cents += made.iter().skip(1).map(|charge| charge.amount_cents).sum::<i64>();
        }
    }
    money
}

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    let Some(money) = &case.money else {
        return Finding::unknown("the ledgers are missing or empty").at_most(0.0);
    };
    let wrong = money.lost + money.double + money.pending + money.wrong_amount;
    let reason = if wrong == 0 {
        format!("{} charges and {} confirmed orders agree, one to one", money.charges, money.confirmed)
    } else {
        format!(
            "{} lost, {} charged twice or more, {} unknown or pending at the end, {} charged another amount",
            money.lost, money.double, money.pending, money.wrong_amount
        )
    };
    let reason = match money.double_before {
        0 => reason,
        before => format!("{reason}; {before} had been charged twice before the policy that is judged"),
    };
    Finding::judged(wrong == 0, reason)
        .value(wrong as f64)
        .at_most(0.0)
        .evidence("ledgers/charges.jsonl against ledgers/orders.jsonl, by order id")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, charge, judge as graded, order};

    fn with(charges: Vec<Charge>, orders: Vec<Order>) -> (Finding, Option<Money>) {
        let mut bed = Bed::recovered();
        bed.ledgers = Ledgers { charges: Some(charges), orders: Some(orders) };
        let money = Money::of(&bed.ledgers, 30, 0);
        (graded(&bed, judge), money)
    }

    #[test]
    fn books_that_agree_pass() {
        let (finding, money) =
            with(vec![charge("o1-1")], vec![order("o1-1", "confirmed"), order("o1-2", "declined")]);
        assert_eq!(finding.status, Status::Pass, "{}", finding.reason);
        assert_eq!(money.unwrap().confirmed, 1);
    }

    #[test]
    fn a_double_charge_fails() {
        let (finding, money) = with(vec![charge("o1-1"), charge("o1-1")], vec![order("o1-1", "confirmed")]);
        assert_eq!(finding.status, Status::Fail);
        let money = money.unwrap();
        assert_eq!((money.lost, money.double, money.double_cents), (0, 1, 1_999));
    }

    #[test]
    fn who_was_charged_twice_before_the_last_change_is_reported_and_not_judged() {
        let at = |id: &str, created_unix_ms: u64| Order { created_unix_ms, ..order(id, "confirmed") };
        let judged = |last: u64, doubles_from: &str| {
            let mut bed = Bed::recovered();
            let twice = |id: &str| [charge(id), charge(id)];
            let charges = twice("o1-1").into_iter().chain(twice("o1-2")).collect();
            bed.ledgers =
                Ledgers { charges: Some(charges), orders: Some(vec![at("o1-1", 9_000), at("o1-2", last)]) };
            let mut thresholds = serde_json::to_value(&bed.plan().thresholds).unwrap();
            thresholds["doubles_from"] = doubles_from.into();
            // The bed's policy changes at 10 s, and is in force 200 ms later.
            let applied = serde_json::json!({"version": 2, "instances": 7, "of": 7, "elapsed_ms": 200});
            let bed = bed
                .entry(10_200, evidence::kind::POLICY_APPLIED, "controller", applied)
                .with_plan(serde_json::json!({"thresholds": thresholds}));
            graded(&bed, judge)
        };
        assert_eq!(judged(10_100, "start").status, Status::Fail);
        let finding = judged(10_100, "last_change");
        assert_eq!(finding.status, Status::Pass, "{}", finding.reason);
        assert!(finding.reason.contains("2 had been charged twice before"), "{}", finding.reason);
        assert_eq!(judged(10_300, "last_change").status, Status::Fail);
    }

    #[test]
    fn lost_is_a_charge_without_an_order_and_an_order_without_a_charge() {
        let orders = vec![order("o1-1", "confirmed"), order("o1-2", "reserved")];
        let (finding, money) = with(vec![charge("o1-2"), charge("o9-9")], orders);
        assert_eq!(finding.status, Status::Fail);
        assert_eq!(money.unwrap().lost, 3);
    }

    #[test]
    fn a_charge_of_another_amount_fails() {
        let dear = Charge { amount_cents: 2_500, ..charge("o1-1") };
        let (finding, money) = with(vec![dear], vec![order("o1-1", "confirmed")]);
        assert_eq!((finding.status, finding.value), (Status::Fail, Some(1.0)));
        assert_eq!(money.unwrap().wrong_amount_cents, 501);
    }

    #[test]
    fn the_second_region_s_fees_are_reported_and_not_judged() {
        let dear = |id| Charge { region: Some("second".into()), ..charge(id) };
        let charges = vec![charge("o1-1"), dear("o1-2"), dear("o1-3")];
        let orders = ["o1-1", "o1-2", "o1-3"].map(|id| order(id, "confirmed")).to_vec();
        let (finding, money) = with(charges, orders);
        assert_eq!(finding.status, Status::Pass, "{}", finding.reason);
        let money = money.unwrap();
        assert_eq!((money.second_region, money.fees_cents), (2, 60));
    }

    #[test]
    fn an_order_left_pending_fails() {
        let (finding, _) = with(vec![], vec![order("o1-1", "pending")]);
        assert_eq!((finding.status, finding.value), (Status::Fail, Some(1.0)));
    }

    #[test]
    fn missing_or_empty_ledgers_are_unknown() {
        assert_eq!(with(vec![], vec![]).0.status, Status::Unknown);
        let mut bed = Bed::recovered();
        bed.ledgers.charges = None;
        assert_eq!(graded(&bed, judge).status, Status::Unknown);
    }
}
