//! The algorithms alone, one window after the other.

use std::time::Duration;

use crate::concurrency::config::{Algorithm, Concurrency};
use crate::concurrency::estimator::Estimator;
use crate::concurrency::window::Sample;
use crate::policy::Span;

const WINDOW: Duration = Duration::from_millis(100);

fn rules(algorithm: Algorithm) -> Concurrency {
    Concurrency { algorithm, ..Concurrency::default() }
}

/// Gradient2 with what the design asks of it: no tolerance, and a first limit near the expected one.
fn strict() -> Concurrency {
    Concurrency { tolerance: 1.0, initial: 100, ..rules(Algorithm::Gradient2) }
}

/// AIMD that sees congestion at twice the latency.
fn prompt() -> Concurrency {
    Concurrency { timeout: Span::millis(200), ..rules(Algorithm::Aimd) }
}

struct Fluid {
    rules: Concurrency,
    estimator: Estimator,
    limit: f64,
    window: u32,
}

impl Fluid {
    fn new(rules: Concurrency) -> Fluid {
        let limit = rules.bounded(f64::from(rules.initial));
        Fluid { rules, estimator: Estimator::new(rules.algorithm), limit, window: 0 }
    }

    fn feed(&mut self, sample: &Sample) -> f64 {
        self.window += 1;
        self.limit = self.estimator.next(&self.rules, self.limit, sample, WINDOW * self.window);
        self.limit
    }

    /// So many windows of a saturated caller; the limits after each.
    fn saturated(&mut self, knee: f64, windows: u32) -> Vec<f64> {
        (0..windows).map(|_| self.feed(&answered(0.1 * (self.limit / knee).max(1.0), self.limit))).collect()
    }
}

fn answered(latency: f64, in_flight: f64) -> Sample {
    Sample { latency: Some(latency), answered: Some(latency), dropped: 0.0, in_flight: in_flight as u32 }
}

fn range(limits: &[f64]) -> (f64, f64) {
    limits.iter().fold((f64::MAX, f64::MIN), |(low, high), limit| (low.min(*limit), high.max(*limit)))
}

#[track_caller]
fn within(limits: &[f64], low: f64, high: f64) {
    let found = range(limits);
    assert!(low <= found.0 && found.1 <= high, "{found:?} is not within {low} to {high}");
}

/// Within a fifth of the design's model.
#[track_caller]
fn about(limit: f64, design: f64) {
    within(&[limit], design * 0.8, design * 1.2);
}

/// I25. From window 60 to 1,000; by 20,000 it has drifted.
#[test]
fn vegas_stays_at_the_knee_for_a_thousand_windows_and_drifts_through_its_probes() {
    let mut vegas = Fluid::new(rules(Algorithm::Vegas));
    let limits = vegas.saturated(200.0, 1_000);
    within(&limits[60..], 200.0, 230.0);
    let later = vegas.saturated(200.0, 19_000);
    within(&later[18_999..], 225.0, 260.0);
}

/// I25. From window 30 to 1,000, with the probe of each minute among them.
#[test]
fn the_gradient_stays_a_third_above_the_knee() {
    let mut gradient = Fluid::new(rules(Algorithm::Gradient));
    let limits = gradient.saturated(200.0, 1_000);
    let (probes, others): (Vec<f64>, Vec<f64>) = limits[30..].iter().partition(|limit| **limit < 200.0);
    within(&others, 240.0, 290.0);
    assert_eq!(probes.len(), 1, "one probe in 97 s, since the next is later than 120 s");
}

/// I25. From window 200 to 500, from 100; the average follows the queue from then on.
#[test]
fn gradient2_without_tolerance_stays_at_the_knee_for_five_hundred_windows() {
    let mut strict = Fluid::new(strict());
    let limits = strict.saturated(200.0, 3_000);
    within(&limits[200..500], 195.0, 225.0);
    within(&limits[2_999..], 230.0, 300.0);
}

/// The trap of the defaults.
#[test]
fn gradient2_as_shipped_passes_the_knee_and_ends_at_its_maximum() {
    let limits = Fluid::new(rules(Algorithm::Gradient2)).saturated(200.0, 2_000);
    for (window, design) in [(100, 101.0), (224, 200.0), (500, 415.0), (1_000, 810.0)] {
        about(limits[window - 1], design);
    }
    within(&limits[1_999..], 1_000.0, 1_000.0);
}

/// The trap of the defaults, and the way out.
#[test]
fn aimd_goes_where_its_timeout_is() {
    let shipped = Fluid::new(rules(Algorithm::Aimd)).saturated(200.0, 2_000);
    within(&shipped[1_999..], 1_000.0, 1_000.0);
    let prompt = Fluid::new(prompt()).saturated(200.0, 2_000);
    within(&prompt[500..], 360.0, 401.0);
}

/// I26.
#[test]
fn no_algorithm_moves_while_the_application_asks_for_less_than_half() {
    for rules in [rules(Algorithm::Vegas), rules(Algorithm::Gradient), strict(), prompt()] {
        let mut fluid = Fluid::new(rules);
        let limit = fluid.saturated(200.0, 300)[299].floor();
        fluid.limit = limit;
        for _ in 0..1_000 {
            assert_eq!(fluid.feed(&answered(0.1, limit / 2.0 - 1.0)), limit, "{:?}", rules.algorithm);
        }
    }
}

/// The knee is 200, then 50 for 400 windows, then 200 again.
fn shifted(rules: Concurrency) -> (Vec<f64>, Vec<f64>) {
    let mut fluid = Fluid::new(rules);
    fluid.saturated(200.0, 500);
    (fluid.saturated(50.0, 400), fluid.saturated(200.0, 400))
}

/// I27.
#[test]
fn the_gradient_finds_a_new_knee_within_a_few_windows() {
    let (low, high) = shifted(rules(Algorithm::Gradient));
    about(low[2], 70.0);
    about(high[4], 265.0);
}

/// I27. Its average takes its time to believe in the good times.
#[test]
fn gradient2_falls_fast_and_needs_a_hundred_and_fifty_windows_to_come_back() {
    let (low, high) = shifted(strict());
    about(low[9], 76.0);
    about(low[399], 58.0);
    let back = high.iter().position(|limit| *limit > 180.0).unwrap();
    about(back as f64, 175.0);
}

/// I27.
#[test]
fn vegas_falls_by_its_small_steps_and_comes_back_at_once() {
    let (low, high) = shifted(rules(Algorithm::Vegas));
    about(low[29], 148.0);
    about(low[49], 108.0);
    about(low[399], 55.0);
    about(high[19], 211.0);
}

/// I27.
#[test]
fn gradient2_as_shipped_never_goes_where_the_knee_is() {
    let (low, _) = shifted(rules(Algorithm::Gradient2));
    assert!(range(&low).0 > 104.0 * 0.8, "{:?}", range(&low));
}

const TIMED_OUT: Sample = Sample { latency: None, answered: None, dropped: 1.0, in_flight: 100_000 };

/// I28.
#[test]
fn when_every_call_is_dropped_the_limit_reaches_its_floor_and_stays_there() {
    let shipped = [Algorithm::Aimd, Algorithm::Vegas, Algorithm::Gradient2, Algorithm::Gradient].map(rules);
    for rules in shipped.into_iter().chain([strict(), prompt()]) {
        let mut fluid = Fluid::new(rules);
        fluid.saturated(200.0, 600);
        let fall: Vec<f64> = (0..600).map(|_| fluid.feed(&TIMED_OUT)).collect();
        let min = f64::from(rules.min);
        let reached = fall.iter().position(|limit| *limit == min);
        assert!(reached.is_some(), "{:?} is at {} after 600 windows", rules.algorithm, fluid.limit);
        for _ in 0..2_000 {
            assert_eq!(fluid.feed(&TIMED_OUT), min, "{:?}", rules.algorithm);
        }
    }
}

/// The trap I28 is about: the same callee, its timeouts told as latencies of a second.
#[test]
fn timeouts_that_are_told_as_latencies_are_learned_as_normal() {
    let mut plain = Fluid::new(rules(Algorithm::Gradient2));
    plain.saturated(200.0, 500);
    let told: Vec<f64> = (0..2_000).map(|_| plain.feed(&answered(1.0, plain.limit))).collect();
    assert!(range(&told).0 < 50.0 && told[1_999] > 900.0, "{:?}, then {}", range(&told), told[1_999]);
}

/// One call in fifty, for as long as it takes.
#[test]
fn a_few_drops_hold_the_limit_down_and_do_not_empty_it() {
    for rules in [rules(Algorithm::Vegas), rules(Algorithm::Gradient), strict(), prompt()] {
        let mut fluid = Fluid::new(rules);
        fluid.saturated(200.0, 500);
        for window in 0..1_000 {
            let latency = 0.1 * (fluid.limit / 200.0).max(1.0);
            let dropped = if window % 10 == 0 { 0.2 } else { 0.0 };
            fluid.feed(&Sample { dropped, ..answered(latency, fluid.limit) });
        }
        assert!(fluid.limit > 50.0, "{:?}: {}", rules.algorithm, fluid.limit);
    }
}

/// envoy#46532.
#[test]
fn a_probe_leaves_half_of_the_limit_to_live_traffic_and_gives_the_rest_back_after_one_window() {
    let mut gradient = Fluid::new(rules(Algorithm::Gradient));
    let limits = gradient.saturated(200.0, 3_000);
    let probes: Vec<usize> = (31..3_000).filter(|window| limits[*window] < 200.0).collect();
    assert!((3..=5).contains(&probes.len()), "{probes:?} in 300 s");
    for window in probes {
        assert!(limits[window] >= 0.49 * limits[window - 1], "{} of {}", limits[window], limits[window - 1]);
        assert_eq!(limits[window + 1], limits[window - 1]);
    }
}

/// A candidate turns it on in the middle of an outage.
#[test]
fn a_limiter_that_is_born_in_an_outage_does_not_take_it_for_normal() {
    let mut gradient = Fluid::new(rules(Algorithm::Gradient));
    for _ in 0..10 {
        gradient.feed(&answered(5.0, gradient.limit));
    }
    let limits = gradient.saturated(200.0, 100);
    within(&limits[20..], 240.0, 290.0);
}

/// The trap of a floor that is too high: it is a share of the callee's workers that no algorithm gives back.
#[test]
fn a_floor_of_twenty_holds_twenty_workers_of_a_callee_that_takes_thirty_seconds() {
    for (min, held) in [(20, 20.0), (Concurrency::default().min, 3.0)] {
        let mut fluid = Fluid::new(Concurrency { min, ..rules(Algorithm::Gradient) });
        fluid.saturated(200.0, 100);
        let fall: Vec<f64> = (0..12).map(|_| fluid.feed(&answered(30.0, fluid.limit))).collect();
        assert_eq!(range(&fall).0.floor(), held);
    }
}
