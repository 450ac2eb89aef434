//! Everything a criterion may look at, prepared once: the recording, its plan, its moments, which requests were good,
//! and the span in which the shop is judged as recovered.

use std::collections::BTreeSet;

use drill::{DoublesFrom, Plan};
use evidence::{Recording, kind};

use crate::criteria::money::Money;
use crate::goodput::Log;
use crate::moments::{Moments, Span, millis};
use crate::recovery::{self, Search};

/// The services of the shop, callers before callees. The bank is somebody else's.
pub(crate) const SHOP: [&str; 7] = ["frontend", "cart", "search", "account", "order", "payment", "inventory"];

pub(crate) struct Case<'a> {
    pub(crate) recording: &'a Recording,
    pub(crate) plan: Plan,
    pub(crate) moments: Moments,
    pub(crate) log: Log,
    pub(crate) money: Option<Money>,
    pub(crate) search: Search,
}

/// The moment from which on a double charge is held against the shop, in Unix milliseconds.
fn doubles_from(recording: &Recording, plan: &Plan, moments: &Moments) -> u64 {
    if plan.thresholds.doubles_from == DoublesFrom::Start {
        return 0;
    }
    let started = recording.entries(kind::RUN_STARTED).next();
    let wall = started.and_then(|entry| entry.number("wall_unix_ms")).unwrap_or_default() as u64;
    moments.last_change.or(moments.handover).map_or(0, |from| wall + from)
}

impl<'a> Case<'a> {
    pub(crate) fn new(recording: &'a Recording, plan: Plan) -> Case<'a> {
        let moments = Moments::of(recording, &plan);
        let log = Log::new(recording, &plan, &moments);
        let fee_cents = plan.bank.second_region.as_ref().map_or(0, |second| second.fee_cents);
        let money = Money::of(&recording.ledgers, fee_cents, doubles_from(recording, &plan, &moments));
        let mut case = Case { recording, plan, moments, log, money, search: Search::NoData };
        case.search = recovery::search(&case);
        case
    }

    /// The span in which queues and amplification are judged: from recovery to the end of the hold, or, if the shop
    /// never recovered, the last windows before the bank healed.
    pub(crate) fn judged(&self) -> Option<Span> {
        if let Search::Recovered(recovery) = &self.search {
            return Some(Span { from: recovery.windows.from, to: recovery.hold.span.to });
        }
        let to = self.moments.outage()?.to;
        let length = millis(self.plan.windows.length) * u64::from(self.plan.windows.count);
        Some(Span { from: to.saturating_sub(length).max(self.moments.fault?), to })
    }

    /// The first moment whose policy and services count: recovery, else the first action, else the fault's start.
    pub(crate) fn accountable_from(&self) -> Option<u64> {
        match &self.search {
            Search::Recovered(recovery) => Some(recovery.windows.from),
            _ => self.moments.first_action.or(self.moments.handover).or(self.moments.fault),
        }
    }

    /// `(service, instances)` at the start of the run.
    pub(crate) fn services(&self) -> Vec<(String, u64)> {
        let started = self.recording.entries(kind::RUN_STARTED).next();
        let counts =
            started.and_then(|entry| entry.body.get("services")).and_then(|services| services.as_object());
        let counts = counts.into_iter().flatten();
        counts.map(|(name, count)| (name.clone(), count.as_u64().unwrap_or(1))).collect()
    }

    /// The shop's services that took part in this run.
    pub(crate) fn shop(&self) -> Vec<&'static str> {
        let known: BTreeSet<String> = self.services().into_iter().map(|(name, _)| name).collect();
        SHOP.into_iter().filter(|name| known.is_empty() || known.contains(*name)).collect()
    }
}
