//! What is measured of every run, whatever the verdict. A measure without evidence is absent, never zero.

mod impact;
mod payment;
mod storm;

use std::collections::{BTreeMap, BTreeSet};

use evidence::Samples;
use serde::{Deserialize, Serialize};

use crate::cascade::{self, TIMED_OUT, UNAVAILABLE};
use crate::case::Case;
use crate::criteria::amplification;
use crate::finding::round;
use crate::moments::{Span, millis};
use crate::recovery::{self, Search};

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
    /// Distinct users with at least one request not answered in time.
    pub users_hit: Option<u64>,
    pub revenue: Option<Revenue>,
}

/// Little's law for payment before the fault: busy workers = rate x time in the handler.
///
/// The latency is the handler's own time, without the wait in the queue: `rpc_server_call_duration_seconds` of the
/// shop starts when a worker does, and the wait is `lab_queue_wait_seconds`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LittlesLaw {
    pub rate: f64,
    pub latency_s: f64,
    pub busy: f64,
    /// (busy - rate x latency) / busy.
    pub error_share: f64,
    /// `integral`: busy worker-seconds are counted exactly; `samples`: the gauge was sampled, and a sample of a small
    /// pool once a second is off by some percent.
    pub busy_from: String,
}

pub use storm::Storm;

/// Seconds after the fault's start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TimeTo {
    pub first_action: Option<f64>,
    /// The recovered windows began.
    pub recovery: Option<f64>,
    /// The hold had passed.
    pub verified_recovery: Option<f64>,
    /// Where recovery is judged after the trigger: from its end until goodput was back for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_trigger: Option<f64>,
    /// The same from the first action, if that came later than the end of the trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_action: Option<f64>,
    /// The same from the end of the trigger that was fired again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_replay: Option<f64>,
}

/// Money that came in, was late, or stayed away. Cents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Revenue {
    /// All confirmed orders.
    pub confirmed_cents: i64,
    /// Orders placed from the first action to the end of the replay while a trigger was on, and confirmed in the end.
    pub saved_orders: u64,
    pub saved_cents: i64,
    /// Orders still unknown or pending at the end.
    pub at_risk_cents: i64,
    /// Checkouts that failed, at the mean amount of an order.
    pub missed_checkouts: u64,
    pub missed_cents: i64,
}

impl Measures {
    pub(crate) fn of(case: &Case<'_>) -> Measures {
        let mut measures =
            Measures { time_to: time_to(case), storm: storm::measure(case), ..Measures::default() };
        measures.littles_law = payment::littles_law(case);
        measures.goodput_before = before(case).map(|span| impact::goodput(case, span)).unwrap_or_default();
        let Some(outage) = case.moments.outage() else { return measures };
        payment::measure(case, outage, &mut measures);
        impact::measure(case, outage, &mut measures);
        let samples = &case.recording.samples;
        let width = millis(case.plan.windows.length);
        measures.order_503_share_max =
            highest(&cascade::shares(samples, "order", &UNAVAILABLE, outage), width);
        measures.cart_504_share_max = highest(&cascade::shares(samples, "cart", &TIMED_OUT, outage), width);
        measures.home_failing_share_max = highest(&cascade::blank(case, outage), width);
        measures.amplification =
            per_edge(samples, outage).into_iter().map(|(edge, factor)| (edge, round(factor))).collect();
        for service in case.shop() {
            let matchers = [("service", service)];
            let wasted =
                samples.increase("lab_wasted_work_seconds_total", &matchers, outage.from, case.moments.end);
            measures.wasted_work_seconds.extend(wasted.map(|seconds| (service.to_owned(), round(seconds))));
        }
        measures
    }
}

/// Attempts per call of each edge ("order->payment"); edges with too few calls are left out. Counted and not asked in
/// PromQL: an outage is when processes are started anew, and this has nothing to extrapolate.
fn per_edge(samples: &Samples, span: Span) -> BTreeMap<String, f64> {
    let mut edges: BTreeSet<(&str, &str)> = BTreeSet::new();
    for series in samples.series("lab_client_calls_total", &[]) {
        edges.extend(series.label("service").zip(series.label("target")));
    }
    let factor = |(service, target): (&str, &str)| {
        let matchers = [("service", service), ("target", target)];
        let grown = |counter: &str| samples.increase(counter, &matchers, span.from, span.to);
        let calls = grown("lab_client_calls_total").filter(|calls| *calls >= amplification::FEWEST_CALLS)?;
        Some((format!("{service}->{target}"), grown("lab_client_attempts_total")? / calls))
    };
    edges.into_iter().filter_map(factor).collect()
}

/// The part of the baseline in which health must be proven.
pub(crate) fn before(case: &Case<'_>) -> Option<Span> {
    let to = case.moments.fault?;
    Some(Span { from: to.saturating_sub(millis(case.plan.baseline.proven_for)), to })
}

fn time_to(case: &Case<'_>) -> TimeTo {
    let seconds = |t_ms: u64| round(case.moments.seconds(t_ms));
    let recovery = match &case.search {
        Search::Recovered(recovery) => Some(recovery),
        _ => None,
    };
    TimeTo {
        first_action: case.moments.first_action.map(seconds),
        recovery: recovery.map(|recovery| seconds(recovery.windows.from)),
        verified_recovery: recovery
            .filter(|recovery| recovery.hold.status == crate::finding::Status::Pass)
            .map(|recovery| seconds(recovery.hold.span.to)),
        ..after(case)
    }
}

/// How long goodput took to come back, where that is judged after the trigger.
fn after(case: &Case<'_>) -> TimeTo {
    let moments = &case.moments;
    let since =
        |back: Option<u64>, from: Option<u64>| Some(round(back?.saturating_sub(from?) as f64 / 1_000.0));
    let Some(again) = recovery::again(case) else { return TimeTo::default() };
    let back = recovery::for_good(case, &case.search);
    let late = moments.first_action.filter(|at| moments.heal.is_some_and(|heal| *at > heal));
    TimeTo {
        after_trigger: since(back, moments.heal),
        after_action: since(back, late),
        after_replay: since(recovery::for_good_again(case, &again), moments.replay.map(|replay| replay.to)),
        ..TimeTo::default()
    }
}

/// The highest share of bad among all in any run of samples that is `width` long. The run must be whole: the first
/// seconds alone are too few requests to say anything.
fn highest(rows: &[(u64, f64, f64)], width: u64) -> Option<f64> {
    let mut most: Option<f64> = None;
    for (last, row) in rows.iter().enumerate() {
        let since = row.0.saturating_sub(width);
        if rows[0].0 > since + 1_500 {
            continue;
        }
        let window = rows[..=last].iter().rev().take_while(|(t, _, _)| *t > since);
        let (bad, all) = window.fold((0.0, 0.0), |(bad, all), row| (bad + row.1, all + row.2));
        if all > 0.0 {
            most = Some(most.unwrap_or(0.0).max(bad / all));
        }
    }
    most.map(round)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    fn measured(bed: &Bed) -> Measures {
        let recording = bed.recording();
        Measures::of(&Case::new(&recording, bed.plan()))
    }

    #[test]
    fn an_outage_is_measured_at_full_dose() {
        let measures = measured(&Bed::never_recovered());
        assert!((measures.payment_throughput_rps.unwrap() - 20.0).abs() < 1.0, "{measures:?}");
        assert_eq!(measures.payment_workers_busy_max, Some(20.0));
        assert_eq!(measures.payment_queue_depth_max, Some(80.0));
        assert_eq!(measures.order_503_share_max, Some(1.0));
        assert_eq!(measures.home_failing_share_max, Some(1.0));
        assert_eq!(measures.goodput_before["checkout"], 1.0);
        assert_eq!(measures.goodput_during["checkout"], 0.05, "the first second of twenty is well");
        assert_eq!(measures.goodput_after["checkout"], 1.0);
        assert!(measures.users_hit.unwrap() > 0 && measures.goodput_lost.unwrap() > 100.0);
    }

    #[test]
    fn littles_law_holds_where_it_should() {
        let law = measured(&Bed::recovered()).littles_law.unwrap();
        assert!(law.error_share.abs() < 0.03, "{law:?}");
        assert!((law.busy - 6.0).abs() < 0.2, "{law:?}");
    }

    #[test]
    fn times_count_from_the_fault() {
        let time_to = measured(&Bed::recovered()).time_to;
        assert_eq!(time_to.first_action, Some(5.0));
        assert_eq!(time_to.recovery, Some(6.0));
        assert_eq!(time_to.verified_recovery, Some(14.0));
    }

    #[test]
    fn the_lab_put_back_in_order_is_no_action() {
        let body = || serde_json::json!({"version": 9, "document": {"version": 1}});
        let bed = Bed::never_recovered().entry(39_200, evidence::kind::POLICY, "candidate", body());
        assert_eq!(measured(&bed).time_to.first_action, None);
        let bed = Bed::never_recovered().entry(9_000, evidence::kind::POLICY, "controller", body());
        assert_eq!(measured(&bed).time_to.first_action, None);
    }

    #[test]
    fn without_samples_measures_are_absent_not_zero() {
        let mut bed = Bed::recovered();
        bed.unscraped.push("payment");
        let measures = measured(&bed);
        assert_eq!((measures.payment_throughput_rps, measures.payment_workers_busy_max), (None, None));
        assert!(measures.littles_law.is_none());
    }

    #[test]
    fn after_a_trigger_the_seconds_count_from_its_end_and_from_the_act() {
        let measures = measured(&Bed::stormy());
        let time_to = &measures.time_to;
        let seconds = (time_to.after_trigger, time_to.after_action, time_to.after_replay);
        assert_eq!(seconds, (Some(10.0), Some(3.0), Some(1.0)));
        let storm = measures.storm.unwrap();
        assert_eq!((storm.from, storm.to), (4.0, 9.0));
        assert_eq!((storm.goodput, storm.amplification, storm.waste), (Some(0.0), Some(4.0), Some(1.0)));
        let usual = measured(&Bed::recovered());
        assert_eq!((usual.time_to.after_trigger, usual.storm), (None, None));
    }

    #[test]
    fn goodput_is_back_for_good_only_when_it_stays() {
        let after = |bed: Bed| measured(&bed).time_to;
        let relapsed = after(Bed::stormy().sick(20_000, 22_000));
        assert_eq!((relapsed.after_trigger, relapsed.after_action), (Some(15.0), Some(8.0)));
        let collapsed = after(Bed::stormy().sick(20_000, 25_000));
        assert_eq!((collapsed.after_trigger, collapsed.after_action), (None, None));
        let shortly = after(Bed::stormy().sick(18_000, 20_000));
        assert_eq!((shortly.recovery, shortly.after_trigger), (Some(12.0), None), "it did not hold");
        let again = after(Bed::stormy().sick(34_500, 36_000));
        assert_eq!((again.after_replay, again.after_trigger), (None, Some(10.0)));
    }
}
