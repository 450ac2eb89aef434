//! What is measured of every run, whatever the verdict. A measure without evidence is absent, never zero.

pub(crate) mod amplification;
mod blast_radius;
mod budget;
mod critical_path;
mod elsewhere;
mod failing;
mod figure;
mod impact;
mod mitigation;
mod payment;
mod settling;
mod storm;
mod time_to;
mod waste;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::diagnosis::Diagnoses;
use crate::moments::{Span, millis};

pub use blast_radius::{BlastRadius, JourneyHit};
pub use budget::{Burn, ErrorBudget};
pub use critical_path::{CriticalPath, Stretch};
pub use figure::Figure;
pub use impact::Revenue;
pub use mitigation::Mitigation;
pub use payment::LittlesLaw;
pub use settling::Settling;
pub use storm::Storm;
pub use time_to::TimeTo;

pub(crate) use figure::journal;
pub(crate) use waste::share as wasted_share;

/// The measures of a run. Rates per second, times in seconds, shares from 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// `Charge` calls that payment finished, over whole multiples of the bank's latency at full dose, before anybody
    /// acted.
    pub payment_throughput_rps: Option<f64>,
    /// The span of the above, seconds after the fault.
    pub payment_throughput_span: Option<(f64, f64)>,
    pub payment_workers_busy_max: Option<f64>,
    /// Weighted by time, from the first action (or full dose, if nobody acted) until the bank healed.
    pub payment_workers_busy_mean: Option<f64>,
    pub payment_queue_depth_max: Option<f64>,
    /// Highest shares in any recovery window while the fault was on.
    pub order_503_share_max: Option<f64>,
    pub cart_504_share_max: Option<f64>,
    pub home_failing_share_max: Option<f64>,
    /// Requests that users did not get answered in time, from the fault's start to the end of the replay.
    pub goodput_lost: Option<f64>,
    pub goodput_lost_by_journey: BTreeMap<String, f64>,
    /// In the baseline.
    pub goodput_before: BTreeMap<String, f64>,
    /// At full dose, until the bank healed.
    pub goodput_during: BTreeMap<String, f64>,
    /// From the heal to the replay.
    pub goodput_after: BTreeMap<String, f64>,
    /// Attempts per call of each edge while the fault was on.
    pub amplification: BTreeMap<String, f64>,
    pub littles_law: Option<LittlesLaw>,
    pub time_to: TimeTo,
    /// What the shop was like by itself, where the drill asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<Storm>,
    /// Worker-seconds spent after the user's deadline, by service, from the fault's start to the end.
    pub wasted_work_seconds: BTreeMap<String, f64>,
    /// The same as a share of all busy worker-seconds of the service, while the fault was on.
    #[serde(default)]
    pub wasted_work_share: BTreeMap<String, f64>,
    /// Distinct users with at least one request not answered in time.
    pub users_hit: Option<u64>,
    pub revenue: Option<Revenue>,
    /// The first act that helped.
    #[serde(default)]
    pub mitigation: Option<Mitigation>,
    #[serde(default)]
    pub blast_radius: Option<BlastRadius>,
    /// Of each journey that has one.
    #[serde(default)]
    pub error_budgets: Vec<ErrorBudget>,
    #[serde(default)]
    pub critical_path: Option<CriticalPath>,
    /// `None`: no book of orders.
    #[serde(default)]
    pub settling: Option<Settling>,
    /// Where the numbers of the scorecard come from.
    #[serde(default)]
    pub figures: Vec<Figure>,
}

impl Measures {
    pub(crate) fn of(case: &Case<'_>, diagnoses: &Diagnoses) -> Measures {
        let mut measures = Measures::default();
        payment::littles_law(case, &mut measures);
        time_to::measure(case, diagnoses, &mut measures);
        storm::measure(case, &mut measures);
        budget::measure(case, &mut measures);
        settling::measure(case, &mut measures);
        impact::before(case, &mut measures);
        if let Some(outage) = case.moments.outage() {
            payment::measure(case, outage, &mut measures);
            impact::measure(case, outage, &mut measures);
            blast_radius::measure(case, affected(case, outage), &mut measures);
            failing::measure(case, outage, &mut measures);
            amplification::measure(case, outage, &mut measures);
            waste::measure(case, outage, &mut measures);
            critical_path::measure(case, outage, &mut measures);
        }
        elsewhere::note(case, &mut measures);
        measures
    }
}

/// The part of the baseline in which health must be proven.
pub(crate) fn before(case: &Case<'_>) -> Option<Span> {
    let to = case.moments.fault?;
    Some(Span { from: to.saturating_sub(millis(case.plan.baseline.proven_for)), to })
}

/// The time in which users may have been hit: to the end of the replay.
fn affected(case: &Case<'_>, outage: Span) -> Span {
    Span { from: outage.from, to: case.moments.replay.map_or(outage.to, |replay| replay.to) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    pub(super) fn measured(bed: &Bed) -> Measures {
        let recording = bed.recording();
        Measures::of(&Case::new(&recording, bed.plan()), &Diagnoses::default())
    }

    #[test]
    fn a_scorecard_without_the_newer_measures_still_reads() {
        let mut old = serde_json::to_value(measured(&Bed::recovered())).unwrap();
        let newer = [
            "wasted_work_share",
            "mitigation",
            "blast_radius",
            "error_budgets",
            "critical_path",
            "settling",
            "figures",
        ];
        newer.iter().for_each(|name| drop(old.as_object_mut().unwrap().remove(*name)));
        let read: Measures = serde_json::from_value(old).unwrap();
        assert!(read.figures.is_empty() && read.blast_radius.is_none());
    }

    #[test]
    fn every_figure_says_where_it_is_from_and_stands_once() {
        let figures = measured(&Bed::recovered()).figures;
        let mut names: Vec<&str> = figures.iter().map(|figure| figure.name.as_str()).collect();
        assert!(figures.iter().all(|figure| !figure.evidence.is_empty()), "{figures:?}");
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(all > 50, "{names:?}");
    }
}
