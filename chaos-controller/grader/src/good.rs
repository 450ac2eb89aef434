//! What makes a request good, and what makes it bad: the one rule, for every number that counts requests and for who wants
//! to see them. "Order accepted, payment pending" is good only while the bank is sick or shortly after, and only if that
//! order was settled before the end; in a surge the bank is well.

use std::collections::BTreeSet;

use drill::{Journey, Plan};
use evidence::{Ledgers, Outcome, Recording, Request, ledger};
use serde::Serialize;

use crate::moments::{Moments, millis};

/// Why a request is not good; the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bad {
    /// Its outcome is no good answer, however fast.
    Outcome,
    /// Answered, and later than the journey's latency.
    Late,
    /// 202, and the bank was well.
    PendingWhileWell,
    /// 202, and the order was still open when the books were closed, or nobody can tell.
    NeverSettled,
}

impl Bad {
    /// In words, for a person.
    pub fn words(self) -> &'static str {
        match self {
            Bad::Outcome => "no good answer",
            Bad::Late => "too late",
            Bad::PendingWhileWell => "pending while the bank was well",
            Bad::NeverSettled => "pending, never settled",
        }
    }
}

/// The rule, with what of the run it asks.
pub(crate) struct Rule<'a> {
    moments: &'a Moments,
    /// Latency of a good answer by the journey's index.
    slos_us: Vec<u64>,
    grace_ms: u64,
    unsettled: Unsettled,
}

impl<'a> Rule<'a> {
    pub(crate) fn of(recording: &Recording, plan: &Plan, moments: &'a Moments) -> Rule<'a> {
        let slo_us = |journey: u8| {
            let load = plan.load.journeys.iter().find(|load| load.journey.index() == journey);
            load.map_or(0, |load| millis(load.slo_latency) * 1_000)
        };
        Rule {
            moments,
            slos_us: (0..Journey::ALL.len() as u8).map(slo_us).collect(),
            grace_ms: millis(plan.thresholds.pending_grace),
            unsettled: Unsettled::of(&recording.ledgers),
        }
    }

    /// `None` if the request is good.
    pub(crate) fn bad(&self, request: &Request) -> Option<Bad> {
        let slo_us = self.slos_us.get(usize::from(request.journey)).copied().unwrap_or_default();
        let answered_ms = (request.intended_us + request.latency_us) / 1_000;
        match request.outcome {
            Outcome::Ok | Outcome::Pending if request.latency_us > slo_us => Some(Bad::Late),
            Outcome::Ok => None,
            Outcome::Pending if !self.moments.may_be_pending(answered_ms, self.grace_ms) => {
                Some(Bad::PendingWhileWell)
            }
            Outcome::Pending => self.unsettled.contains(request.index).then_some(Bad::NeverSettled),
            _ => Some(Bad::Outcome),
        }
    }
}

/// The orders that were still open when the books were closed.
enum Unsettled {
    /// By the arrival's index.
    Known(BTreeSet<u64>),
    /// No ledger, or open orders that cannot be told apart: no pending order is known to be settled.
    Any,
}

impl Unsettled {
    fn of(ledgers: &Ledgers) -> Unsettled {
        let Some(orders) = &ledgers.orders else { return Unsettled::Any };
        let open = orders
            .iter()
            .filter(|order| matches!(order.state.as_str(), "pending" | "unknown" | "charging" | "reserved"));
        let indices: Option<BTreeSet<u64>> = open.map(|order| ledger::arrival(&order.id)).collect();
        indices.map_or(Unsettled::Any, Unsettled::Known)
    }

    fn contains(&self, index: u64) -> bool {
        match self {
            Unsettled::Known(indices) => indices.contains(&index),
            Unsettled::Any => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use crate::testbed::{Bed, order};

    /// What is held against a checkout of this outcome, answered so many milliseconds after the intended time, intended
    /// at `t_ms`, if the book has its order in this state.
    fn held(t_ms: u64, outcome: Outcome, latency_ms: u64, state: &str) -> Option<Bad> {
        let mut bed = Bed::recovered();
        bed.ledgers.orders = Some(vec![order("o1-1-7", state)]);
        let recording = bed.recording();
        let case = Case::new(&recording, bed.plan());
        let request = Request {
            intended_us: t_ms * 1_000,
            journey: Journey::Checkout.index(),
            index: 7,
            user: 1,
            lateness_us: 0,
            latency_us: latency_ms * 1_000,
            outcome,
        };
        Rule::of(&recording, &case.plan, &case.moments).bad(&request)
    }

    #[test]
    fn an_answer_is_good_up_to_the_latency_of_its_journey() {
        assert_eq!(held(2_000, Outcome::Ok, 10, "confirmed"), None);
        assert_eq!(held(2_000, Outcome::Ok, 600_000, "confirmed"), Some(Bad::Late));
    }

    #[test]
    fn what_is_no_answer_is_bad_however_fast_and_however_slow() {
        for latency_ms in [1, 600_000] {
            assert_eq!(held(2_000, Outcome::Unavailable, latency_ms, "confirmed"), Some(Bad::Outcome));
            assert_eq!(held(2_000, Outcome::GaveUp, latency_ms, "confirmed"), Some(Bad::Outcome));
        }
    }

    #[test]
    fn pending_is_good_while_the_bank_is_sick_if_it_was_settled() {
        assert_eq!(held(15_000, Outcome::Pending, 10, "confirmed"), None);
        assert_eq!(held(15_000, Outcome::Pending, 10, "unknown"), Some(Bad::NeverSettled));
        assert_eq!(held(2_000, Outcome::Pending, 10, "confirmed"), Some(Bad::PendingWhileWell));
    }
}
