//! Whom the outage reached: which journeys fell below their objective, and how many of the users who came.

use std::collections::{BTreeMap, BTreeSet};

use drill::Journey;
use serde::{Deserialize, Serialize};

use super::Measures;
use super::figure::seconds;
use crate::case::Case;
use crate::finding::round;
use crate::moments::{Span, millis};

/// From the fault's start to the end of the replay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BlastRadius {
    /// Every journey that was offered.
    pub journeys: Vec<JourneyHit>,
    /// Distinct users with at least one request that was not answered in time.
    pub users_hit: u64,
    /// Distinct users who came.
    pub users: u64,
    pub users_share: f64,
}

/// What one journey's users met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JourneyHit {
    pub journey: String,
    /// Its goodput was below its objective.
    pub hit: bool,
    pub objective: f64,
    pub offered: u64,
    pub bad: u64,
    pub goodput: f64,
    pub users_hit: u64,
    /// Least goodput in any recovery window, and when that began.
    pub worst: f64,
    pub worst_at_seconds: f64,
}

pub(super) fn measure(case: &Case<'_>, affected: Span, measures: &mut Measures) {
    let rows = case.log.within(affected);
    if rows.is_empty() {
        return;
    }
    let users: BTreeSet<u32> = rows.iter().map(|row| row.request.user).collect();
    let mut hit: BTreeMap<u8, BTreeSet<u32>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.good) {
        hit.entry(row.request.journey).or_default().insert(row.request.user);
    }
    let users_hit = hit.values().flatten().collect::<BTreeSet<_>>().len() as u64;
    let of = |journey: Journey| hit.get(&journey.index()).map_or(0, |users| users.len() as u64);
    let journeys: Vec<JourneyHit> = case
        .log
        .journeys
        .iter()
        .filter_map(|journey| hit_of(case, *journey, affected, of(*journey)))
        .collect();
    let radius = BlastRadius {
        users_hit,
        users: users.len() as u64,
        users_share: round(users_hit as f64 / users.len() as f64),
        journeys,
    };
    let log = format!("requests.bin: users of requests intended {}", case.moments.name(affected));
    measures.note(
        "measures.blast_radius.users_hit",
        Some(users_hit as f64),
        "users",
        format!("{log}, not answered in time"),
    );
    measures.note("measures.blast_radius.users", Some(radius.users as f64), "users", log.clone());
    measures.note("measures.blast_radius.users_share", Some(radius.users_share), "share", log);
    for one in &radius.journeys {
        let name = format!("measures.blast_radius.{}", one.journey);
        let log = format!("requests.bin: {}, intended {}", one.journey, case.moments.name(affected));
        measures.note(format!("{name}.goodput"), Some(one.goodput), "share", log);
        let worst =
            format!("requests.bin: {}, the window that begins {:+.1} s", one.journey, one.worst_at_seconds);
        measures.note(format!("{name}.worst"), Some(one.worst), "share", worst);
    }
    measures.blast_radius = Some(radius);
}

/// `None` if nothing of it was offered.
fn hit_of(case: &Case<'_>, journey: Journey, affected: Span, users_hit: u64) -> Option<JourneyHit> {
    let tally = |span: Span| {
        case.log.tallies(span).into_iter().find(|(of, _)| *of == journey).map(|(_, tally)| tally)
    };
    let all = tally(affected)?;
    let goodput = all.share()?;
    let load = case.plan.load.journeys.iter().find(|load| load.journey == journey)?;
    let length = millis(case.plan.windows.length).max(1);
    let windows =
        (affected.from..affected.to).step_by(length as usize).map(|from| Span { from, to: from + length });
    let (worst_at, worst) = windows
        .filter_map(|window| Some((window.from, tally(window)?.share()?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(JourneyHit {
        journey: journey.name().to_owned(),
        hit: goodput < load.slo_share,
        objective: load.slo_share,
        offered: all.offered,
        bad: all.offered - all.good,
        goodput: round(goodput),
        users_hit,
        worst: round(worst),
        worst_at_seconds: seconds(case, worst_at),
    })
}

#[cfg(test)]
mod tests {
    use evidence::Outcome;

    use super::super::tests::measured;
    use crate::testbed::Bed;

    #[test]
    fn journeys_and_users_that_were_hit_are_counted() {
        let radius = measured(&Bed::never_recovered()).blast_radius.unwrap();
        assert!(radius.journeys.iter().all(|journey| journey.hit), "{radius:?}");
        assert!(radius.users_share > 0.8 && radius.users_share <= 1.0, "{radius:?}");
        assert_eq!((radius.journeys[4].worst, radius.journeys[4].worst_at_seconds), (0.0, 1.0));
    }

    #[test]
    fn a_journey_within_its_objective_is_not_hit() {
        let bed = Bed::well("nothing", None).outcome(4, Outcome::Timeout, 9_000, 12_000);
        let radius = measured(&bed).blast_radius.unwrap();
        let hit: Vec<bool> = radius.journeys.iter().map(|journey| journey.hit).collect();
        assert_eq!(hit, [false, false, false, false, true]);
        assert_eq!(radius.users_hit, radius.journeys[4].users_hit);
    }

    #[test]
    fn without_requests_nothing_is_known() {
        let mut bed = Bed::never_recovered();
        bed.requests.clear();
        assert_eq!(measured(&bed).blast_radius, None);
    }
}
