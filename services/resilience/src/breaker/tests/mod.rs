//! The invariants I11 to I14. I15 is of the live lab: bank at 30 s, `attempt_timeout` 400 ms, breaker on; bank calls during
//! the fault at most 100 + 450 x 0.4 + 10 for each `open_for`, closed within `open_for` + 1 s of the repair.

mod modes;
mod threads;
mod traps;
mod windows;

use std::time::Duration;

use super::*;
use crate::policy::{Setting, Span};

/// 100 calls, half of them, 5 s, 10 probes: the defaults.
fn rules() -> BreakerPolicy {
    BreakerPolicy::default()
}

fn slow_after(millis: u64) -> BreakerPolicy {
    BreakerPolicy { slow_call_duration: Setting::On(Span::millis(millis)), ..rules() }
}

/// Asks without jitter.
fn ask(breaker: &mut Breaker, now: Duration) -> Result<Permit, Open> {
    breaker.acquire(now, 0.0)
}

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn call(breaker: &mut Breaker, now: Duration, outcome: Outcome) {
    let permit = ask(breaker, now).unwrap();
    breaker.record(permit, now, outcome);
}

fn calls(breaker: &mut Breaker, count: u32, outcome: Outcome) {
    (0..count).for_each(|_| call(breaker, Duration::ZERO, outcome));
}

/// A breaker that opened at 0 s.
fn open(rules: &BreakerPolicy) -> Breaker {
    let mut breaker = Breaker::new(rules);
    calls(&mut breaker, rules.minimum(), Outcome::Failure);
    assert_eq!(breaker.state(), State::Open);
    breaker
}

/// All the permits that 1,000 calls at once get.
fn thousand(breaker: &mut Breaker, now: Duration) -> Vec<Permit> {
    (0..1_000).filter_map(|_| ask(breaker, now).ok()).collect()
}

/// I11.
#[test]
fn a_round_admits_exactly_its_probes_and_a_dropped_probe_gives_its_place_back() {
    let mut breaker = open(&rules());
    let mut probes = thousand(&mut breaker, at(5.0));
    assert_eq!(probes.len(), 10);
    assert_eq!(breaker.state(), State::HalfOpen);
    for probe in probes.drain(..3) {
        breaker.cancel(probe, at(5.1));
    }
    assert_eq!(thousand(&mut breaker, at(5.2)).len(), 3);
}

/// I12.
#[test]
fn it_opens_at_the_threshold_and_never_below_the_minimum() {
    let mut breaker = Breaker::new(&rules());
    calls(&mut breaker, 51, Outcome::Success);
    calls(&mut breaker, 49, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);

    let mut breaker = Breaker::new(&rules());
    calls(&mut breaker, 50, Outcome::Success);
    calls(&mut breaker, 49, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);
    calls(&mut breaker, 1, Outcome::Failure);
    assert_eq!(breaker.state(), State::Open);

    let mut breaker = Breaker::new(&rules());
    calls(&mut breaker, 99, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn only_the_last_calls_of_the_window_count() {
    let mut breaker = Breaker::new(&rules());
    calls(&mut breaker, 49, Outcome::Failure);
    calls(&mut breaker, 100, Outcome::Success);
    calls(&mut breaker, 49, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);
    calls(&mut breaker, 1, Outcome::Failure);
    assert_eq!(breaker.state(), State::Open);
}

/// I13.
#[test]
fn an_open_breaker_admits_nothing_until_its_wait_is_over() {
    let mut breaker = open(&rules());
    assert_eq!(ask(&mut breaker, at(4.0)).unwrap_err().retry_after, Duration::from_secs(1));
    assert!(thousand(&mut breaker, at(4.999)).is_empty());
    assert_eq!(thousand(&mut breaker, at(5.0)).len(), 10);
}

/// I13 with growth.
#[test]
fn failed_rounds_keep_it_open_twice_as_long_each_time() {
    let rules = BreakerPolicy { open_for: Span::seconds(1), open_factor: 2.0, half_open_calls: 1, ..rules() };
    let mut breaker = open(&rules);
    let mut rounds = Vec::new();
    for millis in 0..130_000 {
        let now = Duration::from_millis(millis);
        if let Ok(probe) = ask(&mut breaker, now) {
            rounds.push(now.as_secs());
            breaker.record(probe, now, Outcome::Failure);
        }
    }
    assert_eq!(rounds, [1, 3, 7, 15, 31, 63, 123], "the last wait is the cap of 60 s");
}

#[test]
fn good_probes_close_it_and_bad_ones_open_it_again() {
    let mut breaker = open(&rules());
    breaker.take_transitions();
    (0..6).for_each(|_| call(&mut breaker, at(5.0), Outcome::Success));
    assert_eq!(breaker.state(), State::HalfOpen, "six of ten decide nothing");
    (0..4).for_each(|_| call(&mut breaker, at(5.0), Outcome::Failure));
    assert_eq!(breaker.state(), State::Closed);

    let mut again = open(&rules());
    (0..5).for_each(|_| call(&mut again, at(5.0), Outcome::Failure));
    assert_eq!(again.state(), State::Open, "five of ten are half, whatever the rest says");
    use State::{Closed, HalfOpen, Open};
    assert_eq!(breaker.take_transitions(), [(Open, HalfOpen), (HalfOpen, Closed)]);
    assert_eq!(again.take_transitions(), [(Closed, Open), (Open, HalfOpen), (HalfOpen, Open)]);
    assert!(again.take_transitions().is_empty());
}

/// I14.
#[test]
fn a_result_from_before_the_last_transition_counts_for_nothing() {
    let mut breaker = Breaker::new(&rules());
    let late: Vec<Permit> = (0..300).map(|_| ask(&mut breaker, Duration::ZERO).unwrap()).collect();
    calls(&mut breaker, 100, Outcome::Failure);
    let probes = thousand(&mut breaker, at(5.0));
    for permit in late {
        breaker.record(permit, at(5.1), Outcome::Success);
    }
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(ask(&mut breaker, at(5.1)).is_err(), "a late result gives no probe's place back");
    for probe in probes {
        breaker.record(probe, at(5.2), Outcome::Success);
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn changed_rules_keep_the_state_and_apply_at_once() {
    let mut breaker = open(&rules());
    breaker.reconfigure(&BreakerPolicy { open_for: Span::seconds(1), ..rules() });
    assert_eq!(breaker.state(), State::Open);
    let probes = thousand(&mut breaker, at(1.0));
    assert_eq!(probes.len(), 10);
    for probe in probes.into_iter().take(4) {
        breaker.record(probe, at(1.1), Outcome::Success);
    }
    breaker.reconfigure(&BreakerPolicy { half_open_calls: 4, ..rules() });
    assert!(ask(&mut breaker, at(1.2)).is_ok());
    assert_eq!(breaker.state(), State::Closed, "four good probes are enough now");
}
