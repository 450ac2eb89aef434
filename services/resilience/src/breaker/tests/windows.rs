//! The window of time, and what a swap keeps of either window.

use super::*;

fn last(millis: u64) -> BreakerPolicy {
    BreakerPolicy { window_time: Setting::On(Span::millis(millis)), ..rules() }
}

/// I12, over a time.
#[test]
fn a_window_of_time_opens_on_the_share_of_its_calls_however_many_they_are() {
    let mut breaker = Breaker::new(&last(10_000));
    for index in 0..1_000u64 {
        let now = Duration::from_millis(index * 5);
        let failed = index % 2 == 1 && index % 100 != 99;
        let outcome = if failed { Outcome::Failure } else { Outcome::Success };
        call(&mut breaker, now, outcome);
        assert_eq!(breaker.state(), State::Closed, "49 % are not half, after {index}");
    }
    for index in 0..20 {
        call(&mut breaker, at(5.0), Outcome::Failure);
        let open = breaker.state() == State::Open;
        assert_eq!(open, index == 19, "490 and 20 of 1,020 are half");
    }
}

/// I12, over a time.
#[test]
fn a_window_of_time_opens_on_a_hundred_calls_unless_it_is_told_how_many() {
    let mut breaker = Breaker::new(&last(10_000));
    calls(&mut breaker, 99, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);
    calls(&mut breaker, 1, Outcome::Failure);
    assert_eq!(breaker.state(), State::Open);
    let mut breaker = Breaker::new(&BreakerPolicy { minimum_calls: Some(500), ..last(10_000) });
    calls(&mut breaker, 499, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed, "more calls than `window`: it is not used");
    calls(&mut breaker, 1, Outcome::Failure);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn failures_older_than_the_window_do_not_count_even_if_nothing_came_since() {
    let mut breaker = Breaker::new(&last(10_000));
    calls(&mut breaker, 99, Outcome::Failure);
    call(&mut breaker, at(10.0), Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);
    let mut breaker = Breaker::new(&last(10_000));
    calls(&mut breaker, 99, Outcome::Failure);
    call(&mut breaker, at(9.9), Outcome::Failure);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_slow_call_counts_in_a_window_of_time_as_it_passes_the_threshold() {
    let slow_call_duration = Setting::On(Span::millis(400));
    let mut breaker = Breaker::new(&BreakerPolicy { slow_call_duration, ..last(10_000) });
    calls(&mut breaker, 50, Outcome::Success);
    let mut running: Vec<Permit> = (0..50).map(|_| ask(&mut breaker, at(0.0)).unwrap()).collect();
    running.iter_mut().for_each(|permit| breaker.slow(permit, at(0.4)));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_swap_keeps_the_calls_of_a_window_and_the_other_kind_starts_empty() {
    let mut breaker = Breaker::new(&last(10_000));
    calls(&mut breaker, 99, Outcome::Failure);
    breaker.reconfigure(&last(20_000));
    call(&mut breaker, at(15.0), Outcome::Failure);
    assert_eq!(breaker.state(), State::Open, "99 and one");

    let mut breaker = Breaker::new(&rules());
    calls(&mut breaker, 99, Outcome::Failure);
    let mut slow = ask(&mut breaker, at(0.0)).unwrap();
    breaker.reconfigure(&BreakerPolicy { slow_call_rate: 1.0, ..last(10_000) });
    calls(&mut breaker, 99, Outcome::Success);
    breaker.slow(&mut slow, at(1.0));
    breaker.record(slow, at(1.0), Outcome::Failure);
    breaker.reconfigure(&rules());
    calls(&mut breaker, 99, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_smaller_window_of_calls_keeps_the_newest() {
    let mut breaker = Breaker::new(&rules());
    calls(&mut breaker, 49, Outcome::Failure);
    calls(&mut breaker, 20, Outcome::Success);
    breaker.reconfigure(&BreakerPolicy { window: 20, ..rules() });
    calls(&mut breaker, 9, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed, "11 good and 9 bad ones");
    calls(&mut breaker, 1, Outcome::Failure);
    assert_eq!(breaker.state(), State::Open);
}
