//! Who decides: the forced states, the mode that only watches, and jitter.

use super::*;

fn with(state: BreakerMode) -> BreakerPolicy {
    BreakerPolicy { state, ..rules() }
}

#[test]
fn forced_states_hold_and_going_back_to_auto_starts_closed_and_empty() {
    let mut breaker = Breaker::new(&rules());
    calls(&mut breaker, 99, Outcome::Failure);
    breaker.reconfigure(&with(BreakerMode::ForcedOpen));
    assert!(thousand(&mut breaker, at(1_000.0)).is_empty());
    breaker.reconfigure(&with(BreakerMode::Disabled));
    calls(&mut breaker, 1_000, Outcome::Failure);
    assert_eq!(breaker.state(), State::Disabled);
    breaker.reconfigure(&rules());
    calls(&mut breaker, 99, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);
    use State::{Closed, Disabled, ForcedOpen};
    assert_eq!(
        breaker.take_transitions(),
        [(Closed, ForcedOpen), (ForcedOpen, Disabled), (Disabled, Closed)]
    );
}

#[test]
fn a_forced_state_may_be_there_from_the_start() {
    let mut breaker = Breaker::new(&with(BreakerMode::ForcedOpen));
    assert_eq!(ask(&mut breaker, at(0.0)).unwrap_err().retry_after, Duration::from_secs(5));
    assert_eq!(breaker.state(), State::ForcedOpen);
}

#[test]
fn what_only_watches_refuses_nothing_and_tells_what_it_would_have_done() {
    let mut watching = Breaker::new(&with(BreakerMode::MetricsOnly));
    let mut deciding = Breaker::new(&rules());
    let mut refused = 0;
    for millis in 0..30_000 {
        let now = Duration::from_millis(millis);
        let outcome = if millis < 12_000 { Outcome::Failure } else { Outcome::Success };
        call(&mut watching, now, outcome);
        match ask(&mut deciding, now) {
            Ok(permit) => deciding.record(permit, now, outcome),
            Err(_) => refused += 1,
        }
        assert_eq!(watching.state(), State::MetricsOnly);
    }
    use State::{Closed, HalfOpen, MetricsOnly, Open};
    let would = watching.take_transitions();
    assert_eq!(would[0], (Closed, MetricsOnly));
    assert_eq!(would[1..], deciding.take_transitions(), "the same moves as the one that decides");
    assert_eq!(would[1..3], [(Closed, Open), (Open, HalfOpen)]);
    assert_eq!(would.last(), Some(&(HalfOpen, Closed)));
    assert!(refused > 14_000, "{refused}: the other one did refuse");
}

#[test]
fn a_call_that_would_have_been_refused_does_not_count() {
    let mut breaker = Breaker::new(&with(BreakerMode::MetricsOnly));
    calls(&mut breaker, 100, Outcome::Failure);
    let probes = thousand(&mut breaker, at(5.0));
    assert_eq!(probes.len(), 1_000, "none is refused");
    for late in probes.into_iter().rev().take(990) {
        breaker.record(late, at(5.1), Outcome::Success);
    }
    use State::{Closed, HalfOpen, MetricsOnly, Open};
    assert_eq!(breaker.take_transitions(), [(Closed, MetricsOnly), (Closed, Open), (Open, HalfOpen)]);
}

#[test]
fn jitter_only_makes_an_opening_longer_and_each_is_drawn_anew() {
    let jittered = BreakerPolicy { open_jitter: 0.2, open_factor: 2.0, half_open_calls: 1, ..rules() };
    let mut breaker = Breaker::new(&jittered);
    for _ in 0..100 {
        let permit = breaker.acquire(at(0.0), 0.5).unwrap();
        breaker.record(permit, at(0.0), Outcome::Failure);
    }
    assert!(breaker.acquire(at(5.499), 0.0).is_err(), "5 s, and half of a fifth of it");
    let probe = breaker.acquire(at(5.5), 1.0).unwrap();
    breaker.record(probe, at(5.5), Outcome::Failure);
    assert!(breaker.acquire(at(17.499), 0.0).is_err(), "10 s and a fifth of it");
    assert!(breaker.acquire(at(17.5), 0.0).is_ok());
}

/// I13 holds for every draw: the n-th round of probes is no earlier than 2^n - 1 seconds.
#[test]
fn no_draw_brings_a_round_of_probes_forward() {
    let rules = BreakerPolicy {
        open_for: Span::seconds(1),
        open_factor: 2.0,
        open_jitter: 1.0,
        half_open_calls: 1,
        ..rules()
    };
    for draw in [0.0, 0.1, 0.5, 0.999_999] {
        let mut breaker = open(&rules);
        let mut round = 0;
        for millis in 0..40_000 {
            let now = Duration::from_millis(millis);
            if let Ok(probe) = breaker.acquire(now, draw) {
                round += 1;
                assert!(now.as_secs_f64() >= 2f64.powi(round) - 1.0, "round {round} at {now:?}");
                breaker.record(probe, now, Outcome::Failure);
            }
        }
        assert!(round >= 4, "{round}");
    }
}
