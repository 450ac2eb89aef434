//! The first act that helped: a policy, a restart or a scaling after which the goodput of all journeys together rose by a
//! tenth of the users, and stayed there until the trigger was over. It need not have cured anything; it must have lasted.
//!
//! ```text
//!        before the act      |act        |next act          end of the trigger
//!  ......[ the windows ]-----|---m-------|------------------|
//!          share b               ^ from here on each row of windows is at b + 0.1 or above
//! ```
//! The rise belongs to the last act before it begins (`m`, whose own first window shows it). What the heal brings belongs
//! to nobody: the last windows that are looked at end with it.

use evidence::{Entry, kind};
use serde::{Deserialize, Serialize};

use super::figure::{journal, seconds};
use crate::case::Case;
use crate::finding::{percent, round};
use crate::moments::{Span, millis};

/// Of all users. Less comes and goes by itself with the waves of an outage.
const LEAST_RISE: f64 = 0.1;
const STEP_MS: u64 = 1_000;

/// An act that helped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mitigation {
    /// What was done: "policy 2", "restart".
    pub what: String,
    pub actor: String,
    /// When, seconds after the fault's start.
    pub seconds: f64,
    /// When users felt it for good.
    pub felt: f64,
    /// Goodput of all journeys before and after, shares.
    pub before: f64,
    pub after: f64,
    pub evidence: String,
}

/// `None` if nobody acted, no act helped, or there was nothing to be regained.
pub(super) fn first(case: &Case<'_>) -> Option<Mitigation> {
    let outage = case.moments.outage()?;
    let acts: Vec<&Entry> = acts(case, outage);
    let window = millis(case.plan.windows.length).max(1);
    let length = window * u64::from(case.plan.windows.count);
    let windows: Vec<(u64, f64)> = (acts.first()?.t_ms..)
        .step_by(STEP_MS as usize)
        .take_while(|from| from + length <= outage.to)
        .filter_map(|from| Some((from, share(case, Span { from, to: from + length })?)))
        .collect();
    acts.iter().enumerate().find_map(|(place, act)| {
        let from = act.t_ms.saturating_sub(length).max(outage.from);
        let before = share(case, Span { from, to: act.t_ms })?;
        let wanted = before + LEAST_RISE;
        let relapse = windows.iter().rposition(|(_, share)| *share < wanted);
        let good = &windows[relapse.map_or(0, |last| last + 1)..];
        // A row of windows that begins before the rise has it in its tail.
        let risen =
            |at: u64| share(case, Span { from: at, to: at + window }).is_some_and(|share| share >= wanted);
        let (felt, _) = good.iter().find(|(at, _)| *at >= act.t_ms && risen(*at))?;
        let next = acts.get(place + 1).map_or(outage.to, |next| next.t_ms);
        let after = share(case, Span { from: *felt, to: outage.to })?;
        (*felt < next.max(act.t_ms + 1) && before < case.plan.thresholds.goodput).then(|| Mitigation {
            what: what(act),
            actor: act.actor.clone(),
            seconds: seconds(case, act.t_ms),
            felt: seconds(case, *felt),
            before: round(before),
            after: round(after),
            evidence: format!(
                "{}; requests.bin: goodput of all journeys {} before it and {} from {:+.1} s on",
                journal(act),
                percent(before),
                percent(after),
                case.moments.seconds(*felt)
            ),
        })
    })
}

/// Every act on the shop while there was something to act upon.
fn acts<'a>(case: &'a Case<'_>, outage: Span) -> Vec<&'a Entry> {
    let acted = |entry: &&Entry| {
        let on_the_shop = match entry.kind.as_str() {
            kind::POLICY => true,
            kind::ACTION => matches!(entry.text("verb"), "restart" | "scale"),
            _ => false,
        };
        on_the_shop && entry.actor != "controller" && (outage.from + 1..outage.to).contains(&entry.t_ms)
    };
    case.recording.journal.iter().filter(acted).collect()
}

fn what(act: &Entry) -> String {
    match act.number("version") {
        Some(version) if act.kind == kind::POLICY => format!("policy {version}"),
        _ => act.text("verb").to_owned(),
    }
}

/// Goodput of all journeys together: as many users as there are, each counts the same.
fn share(case: &Case<'_>, span: Span) -> Option<f64> {
    let tallies = case.log.tallies(span);
    let (offered, good) = tallies
        .into_iter()
        .fold((0, 0), |(offered, good), (_, tally)| (offered + tally.offered, good + tally.good));
    (offered > 0).then(|| good as f64 / offered as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;
    use serde_json::json;

    fn found(bed: &Bed) -> Option<Mitigation> {
        let recording = bed.recording();
        first(&Case::new(&recording, bed.plan()))
    }

    fn restart(bed: Bed, t_ms: u64) -> Bed {
        bed.entry(t_ms, kind::ACTION, "ada", json!({"verb": "restart", "targets": ["payment"]}))
    }

    #[test]
    fn the_act_after_which_users_were_served_is_the_mitigation() {
        let found = found(&Bed::recovered()).unwrap();
        assert_eq!((found.what.as_str(), found.seconds, found.felt), ("policy 2", 5.0, 6.0));
        assert!(found.before < 0.3 && found.after > 0.99, "{found:?}");
    }

    #[test]
    fn an_act_that_changed_nothing_is_passed_over() {
        let found = found(&restart(Bed::recovered(), 8_000)).unwrap();
        assert_eq!(found.what, "policy 2");
    }

    #[test]
    fn what_does_not_last_is_no_mitigation() {
        assert_eq!(found(&Bed::recovered().sick(20_000, 25_000)), None);
    }

    #[test]
    fn what_the_heal_brings_is_nobody_s() {
        assert_eq!(found(&restart(Bed::never_recovered(), 22_000)), None);
    }

    #[test]
    fn without_an_act_or_a_request_nothing_is_known() {
        assert_eq!(found(&Bed::never_recovered()), None);
        let mut bed = Bed::recovered();
        bed.requests.clear();
        assert_eq!(found(&bed), None);
    }
}
