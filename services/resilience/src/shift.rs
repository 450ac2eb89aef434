//! Traffic shift: a share of the calls goes to the callee's second region.
//!
//! The draw is a hash of what the call is about (the order's id), so an order stays where it is while the share rises,
//! and a retry goes where the first attempt went. Where the regions are, and whether there is a second one, is not
//! known here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::policy::Problem;

/// How much goes elsewhere. What Envoy calls a weighted cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Shift {
    /// The share of the orders whose calls go to the second region, 0 to 1. Default 0: none. Ours: a shift is turned
    /// up by hand, in steps that somebody looks at.
    #[schemars(range(min = 0, max = 1))]
    pub second: f64,
}

/// Where a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    Main,
    Second,
}

/// What the second region of a target is called, after the target's name, by whoever calls it.
pub const SECOND: &str = "@second";

impl Shift {
    /// Where the calls about `key` go.
    pub fn region(&self, key: &str) -> Region {
        if unit(key) < self.second { Region::Second } else { Region::Main }
    }
}

/// A draw in `0..1` from a key alone: FNV-1a (Fowler, Noll and Vo 1991), mixed by SplitMix64's finalizer (Steele, Lea
/// and Flood 2014), because the ids of orders differ in their last digits only.
fn unit(key: &str) -> f64 {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    let mut hash = key.bytes().fold(0xCBF2_9CE4_8422_2325, fnv);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((hash ^ (hash >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// What of a document, or of a patch, sends calls to a second region: a problem each, for a lab whose bank has none.
pub fn sent_nowhere(document: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (service, row) in document["services"].as_object().into_iter().flatten() {
        for (call, policy) in row["calls"].as_object().into_iter().flatten() {
            let share = policy["shift"]["second"].as_f64();
            if share.is_some_and(|share| share > 0.0) {
                let keys = ["services", service, "calls", call, "shift", "second"];
                let problem = Problem::new(&keys, "the bank has no second region here");
                problems.push(problem.allow(["0", "off"]).hint("a drill declares one: `bank.second_region`"));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ORDERS: u32 = 10_000;

    fn second_of(seed: u32, share: f64) -> impl Iterator<Item = bool> {
        let shift = Shift { second: share };
        (0..ORDERS).map(move |order| shift.region(&format!("o{seed}-1-{order}")) == Region::Second)
    }

    fn second(share: f64) -> Vec<bool> {
        second_of(7, share).collect()
    }

    /// I36. Of a fair draw 0.27 % of all runs are out of three sigma, so one run alone would prove its seed: of these
    /// 200 at most three may be, and the mean must be that of the share.
    #[test]
    fn the_observed_share_is_within_three_sigma() {
        let (mut outside, mut sum) = (0, 0.0);
        for (seed, share) in (0..40).flat_map(|seed| [0.01, 0.2, 0.5, 0.8, 0.99].map(|share| (seed, share))) {
            let n = f64::from(ORDERS);
            let seen = second_of(seed, share).filter(|second| *second).count() as f64;
            let sigmas = (seen - n * share) / (n * share * (1.0 - share)).sqrt();
            outside += u32::from(sigmas.abs() > 3.0);
            sum += sigmas;
            assert!(sigmas.abs() < 4.0, "{share} of seed {seed}: {seen}");
        }
        assert!(outside <= 3, "{outside} of 200 out of three sigma");
        assert!((sum / 200.0).abs() < 0.3, "off by {} sigma on average", sum / 200.0);
    }

    /// I36.
    #[test]
    fn an_order_stays_where_it_is_while_the_share_rises() {
        let mut before = second(0.0);
        assert!(!before.contains(&true), "a share of nothing is nothing");
        for step in 1..=20 {
            let now = second(f64::from(step) / 20.0);
            let came_back = before.iter().zip(&now).any(|(before, now)| *before && !*now);
            assert!(!came_back, "at {step} of 20");
            before = now;
        }
        assert!(!before.contains(&false), "all is all");
    }

    #[test]
    fn neighbouring_ids_are_not_neighbours_in_the_draw() {
        let seen = second(0.5);
        let changes = seen.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!((4_850..=5_150).contains(&changes), "{changes} of 9999 pairs differ, of a fair coin half do");
    }

    #[test]
    fn what_a_lab_without_a_second_region_cannot_do_is_named() {
        let document = json!({"services": {"payment": {"calls": {
            "bank.charge": {"shift": {"second": 0.2}}, "bank.lookup": {"shift": {"second": 0}}, "*": {"shift": "off"}}}}});
        let problems = sent_nowhere(&document);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].path, "services.payment.calls.bank.charge.shift.second");
        assert!(sent_nowhere(&json!({"version": 1})).is_empty());
    }
}
