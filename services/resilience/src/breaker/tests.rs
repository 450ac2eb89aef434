//! The invariants I11 to I14, and the forced states.

use std::time::Duration;

use super::*;
use crate::policy::BreakerMode;

const RULES: BreakerRules = BreakerRules {
    window: 100,
    minimum_calls: 100,
    failure_rate: 0.5,
    slow_call_rate: 0.5,
    slow_call_duration: None,
    open_for: Duration::from_secs(5),
    open_factor: 1.0,
    open_cap: Duration::from_secs(60),
    half_open_calls: 10,
    half_open_for: Some(Duration::from_secs(60)),
    mode: BreakerMode::Auto,
};

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn call(breaker: &mut Breaker, now: Duration, outcome: Outcome) {
    let permit = breaker.acquire(now).unwrap();
    breaker.record(permit, now, outcome);
}

fn calls(breaker: &mut Breaker, count: u32, outcome: Outcome) {
    (0..count).for_each(|_| call(breaker, Duration::ZERO, outcome));
}

/// A breaker that opened at 0 s.
fn open(rules: &BreakerRules) -> Breaker {
    let mut breaker = Breaker::new(rules);
    calls(&mut breaker, rules.minimum_calls, Outcome::Failure);
    assert_eq!(breaker.state(), State::Open);
    breaker
}

/// All the permits that 1,000 calls at once get.
fn thousand(breaker: &mut Breaker, now: Duration) -> Vec<Permit> {
    (0..1_000).filter_map(|_| breaker.acquire(now).ok()).collect()
}

/// I11.
#[test]
fn a_round_admits_exactly_its_probes_and_a_dropped_probe_gives_its_place_back() {
    let mut breaker = open(&RULES);
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
    let mut breaker = Breaker::new(&RULES);
    calls(&mut breaker, 51, Outcome::Success);
    calls(&mut breaker, 49, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);

    let mut breaker = Breaker::new(&RULES);
    calls(&mut breaker, 50, Outcome::Success);
    calls(&mut breaker, 49, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);
    calls(&mut breaker, 1, Outcome::Failure);
    assert_eq!(breaker.state(), State::Open);

    let mut breaker = Breaker::new(&RULES);
    calls(&mut breaker, 99, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn only_the_last_calls_of_the_window_count() {
    let mut breaker = Breaker::new(&RULES);
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
    let mut breaker = open(&RULES);
    assert_eq!(breaker.acquire(at(4.0)).unwrap_err().retry_after, Duration::from_secs(1));
    assert!(thousand(&mut breaker, at(4.999)).is_empty());
    assert_eq!(thousand(&mut breaker, at(5.0)).len(), 10);
}

/// I13 with growth.
#[test]
fn failed_rounds_keep_it_open_twice_as_long_each_time() {
    let rules = BreakerRules { open_for: at(1.0), open_factor: 2.0, half_open_calls: 1, ..RULES };
    let mut breaker = open(&rules);
    let mut rounds = Vec::new();
    for millis in 0..130_000 {
        let now = Duration::from_millis(millis);
        if let Ok(probe) = breaker.acquire(now) {
            rounds.push(now.as_secs());
            breaker.record(probe, now, Outcome::Failure);
        }
    }
    assert_eq!(rounds, [1, 3, 7, 15, 31, 63, 123], "the last wait is the cap of 60 s");
}

#[test]
fn good_probes_close_it_and_bad_ones_open_it_again() {
    let mut breaker = open(&RULES);
    breaker.take_transitions();
    (0..6).for_each(|_| call(&mut breaker, at(5.0), Outcome::Success));
    assert_eq!(breaker.state(), State::HalfOpen, "six of ten decide nothing");
    (0..4).for_each(|_| call(&mut breaker, at(5.0), Outcome::Failure));
    assert_eq!(breaker.state(), State::Closed);

    let mut again = open(&RULES);
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
    let mut breaker = Breaker::new(&RULES);
    let late: Vec<Permit> = (0..300).map(|_| breaker.acquire(Duration::ZERO).unwrap()).collect();
    calls(&mut breaker, 100, Outcome::Failure);
    let probes = thousand(&mut breaker, at(5.0));
    for permit in late {
        breaker.record(permit, at(5.1), Outcome::Success);
    }
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.acquire(at(5.1)).is_err(), "a late result gives no probe's place back");
    for probe in probes {
        breaker.record(probe, at(5.2), Outcome::Success);
    }
    assert_eq!(breaker.state(), State::Closed);
}

/// I14.
#[test]
fn a_refusal_by_a_limit_never_closes_it_and_never_opens_it() {
    let mut breaker = Breaker::new(&RULES);
    calls(&mut breaker, 1_000, Outcome::Ignored);
    assert_eq!(breaker.state(), State::Closed);
    let mut breaker = open(&RULES);
    (0..1_000).for_each(|_| call(&mut breaker, at(5.0), Outcome::Ignored));
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_slow_call_counts_when_it_becomes_slow_and_only_once() {
    let rules = BreakerRules { slow_call_duration: Some(at(0.4)), ..RULES };
    let mut breaker = Breaker::new(&rules);
    calls(&mut breaker, 50, Outcome::Success);
    let mut running: Vec<Permit> = (0..50).map(|_| breaker.acquire(Duration::ZERO).unwrap()).collect();
    for permit in &mut running[..49] {
        breaker.slow(permit, at(0.4));
        breaker.slow(permit, at(0.4));
    }
    assert_eq!(breaker.state(), State::Closed);
    breaker.slow(&mut running[49], at(0.4));
    assert_eq!(breaker.state(), State::Open, "30 s before the first of them ends");
}

#[test]
fn a_call_that_turned_out_slow_and_then_failed_is_one_call() {
    let rules = BreakerRules { slow_call_duration: Some(at(0.4)), slow_call_rate: 1.0, ..RULES };
    let mut breaker = Breaker::new(&rules);
    calls(&mut breaker, 50, Outcome::Success);
    for index in 0..50 {
        assert_eq!(breaker.state(), State::Closed, "after {index}");
        let mut permit = breaker.acquire(Duration::ZERO).unwrap();
        breaker.slow(&mut permit, at(0.4));
        breaker.record(permit, at(1.0), Outcome::Failure);
    }
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn slow_probes_reopen_it_while_they_still_run() {
    let rules = BreakerRules { slow_call_duration: Some(at(0.4)), ..RULES };
    let mut breaker = open(&rules);
    let mut probes = thousand(&mut breaker, at(5.0));
    for probe in &mut probes[..5] {
        breaker.slow(probe, at(5.4));
    }
    assert_eq!(breaker.state(), State::Open);
    assert!(breaker.acquire(at(10.3)).is_err());
    assert!(breaker.acquire(at(10.4)).is_ok());
}

#[test]
fn probes_that_never_end_do_not_freeze_it() {
    let mut breaker = open(&RULES);
    let _lost = thousand(&mut breaker, at(5.0));
    assert!(breaker.acquire(at(64.9)).is_err());
    assert!(breaker.acquire(at(65.0)).is_err());
    assert_eq!(breaker.state(), State::Open, "the round has failed");
    assert!(breaker.acquire(at(70.0)).is_ok());
}

#[test]
fn forced_states_hold_and_going_back_to_auto_starts_closed_and_empty() {
    let mut breaker = Breaker::new(&RULES);
    calls(&mut breaker, 99, Outcome::Failure);
    breaker.reconfigure(&BreakerRules { mode: BreakerMode::ForcedOpen, ..RULES });
    assert!(thousand(&mut breaker, at(1_000.0)).is_empty());
    breaker.reconfigure(&BreakerRules { mode: BreakerMode::Disabled, ..RULES });
    calls(&mut breaker, 1_000, Outcome::Failure);
    assert_eq!(breaker.state(), State::Disabled);
    breaker.reconfigure(&RULES);
    calls(&mut breaker, 99, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn changed_rules_keep_the_state_and_apply_at_once() {
    let mut breaker = open(&RULES);
    breaker.reconfigure(&BreakerRules { open_for: at(1.0), ..RULES });
    assert_eq!(breaker.state(), State::Open);
    let probes = thousand(&mut breaker, at(1.0));
    assert_eq!(probes.len(), 10);
    for probe in probes.into_iter().take(4) {
        breaker.record(probe, at(1.1), Outcome::Success);
    }
    breaker.reconfigure(&BreakerRules { half_open_calls: 4, ..RULES });
    assert!(breaker.acquire(at(1.2)).is_ok());
    assert_eq!(breaker.state(), State::Closed, "four good probes are enough now");
}
