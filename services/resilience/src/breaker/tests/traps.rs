//! What breakers are known to get wrong (resilience.md 3.4, pitfalls a to g), one test or more each. Pitfall e, a breaker
//! on the wrong side of the retries, needs both: it is tested in `mesh`.

use super::*;

/// Pitfall a, first half: a probe that is dropped (resilience4j #903) frees its place, again and again.
#[test]
fn a_round_whose_probes_are_all_dropped_goes_on() {
    let mut breaker = open(&rules());
    for _ in 0..1_000 {
        let probes = thousand(&mut breaker, at(5.0));
        assert_eq!(probes.len(), 10);
        probes.into_iter().for_each(|probe| breaker.cancel(probe, at(5.0)));
    }
    (0..10).for_each(|_| call(&mut breaker, at(5.0), Outcome::Success));
    assert_eq!(breaker.state(), State::Closed);
}

/// Pitfall a, second half: probes that neither end nor are dropped have a time limit of their own.
#[test]
fn probes_that_never_end_do_not_freeze_it() {
    let mut breaker = open(&rules());
    let _lost = thousand(&mut breaker, at(5.0));
    assert!(ask(&mut breaker, at(64.9)).is_err());
    assert!(ask(&mut breaker, at(65.0)).is_err());
    assert_eq!(breaker.state(), State::Open, "the round has failed");
    assert!(ask(&mut breaker, at(70.0)).is_ok());
}

/// Pitfall b, I14: calls of the outage that come home while it probes, and after it has closed.
#[test]
fn the_failures_of_an_outage_that_end_late_do_not_open_it_again() {
    let mut breaker = Breaker::new(&rules());
    let mut late: Vec<Permit> = (0..2_000).map(|_| ask(&mut breaker, at(0.0)).unwrap()).collect();
    calls(&mut breaker, 100, Outcome::Failure);
    let probes = thousand(&mut breaker, at(5.0));
    late.drain(..1_000).for_each(|permit| breaker.record(permit, at(5.1), Outcome::Failure));
    assert_eq!(breaker.state(), State::HalfOpen);
    probes.into_iter().for_each(|probe| breaker.record(probe, at(5.2), Outcome::Success));
    for mut permit in late {
        breaker.slow(&mut permit, at(30.0));
        breaker.record(permit, at(30.0), Outcome::Failure);
    }
    assert_eq!(breaker.state(), State::Closed);
}

/// Pitfall c: pure latency is no failure. Without a timeout and without the slow-call rule it never opens.
#[test]
fn a_latency_fault_opens_it_only_by_the_slow_call_rule() {
    for (rules, opens) in [(rules(), false), (slow_after(60_000), false), (slow_after(400), true)] {
        let mut breaker = Breaker::new(&rules);
        let running: Vec<Permit> = (0..200).map(|_| ask(&mut breaker, at(0.0)).unwrap()).collect();
        running.into_iter().for_each(|permit| breaker.record(permit, at(30.0), Outcome::Success));
        assert_eq!(breaker.state() == State::Open, opens, "{rules:?}");
    }
}

/// Pitfall d: results come at the end, so a breaker that waits for them is blind for as long as the latency is.
#[test]
fn a_slow_call_counts_when_it_becomes_slow_and_only_once() {
    let mut breaker = Breaker::new(&slow_after(400));
    calls(&mut breaker, 50, Outcome::Success);
    let mut running: Vec<Permit> = (0..50).map(|_| ask(&mut breaker, at(0.0)).unwrap()).collect();
    for permit in &mut running[..49] {
        breaker.slow(permit, at(0.4));
        breaker.slow(permit, at(0.4));
    }
    assert_eq!(breaker.state(), State::Closed);
    breaker.slow(&mut running[49], at(0.4));
    assert_eq!(breaker.state(), State::Open, "30 s before the first of them ends");
}

/// Pitfall d.
#[test]
fn a_call_that_turned_out_slow_and_then_failed_is_one_call() {
    let rules = BreakerPolicy { slow_call_rate: 1.0, ..slow_after(400) };
    let mut breaker = Breaker::new(&rules);
    calls(&mut breaker, 50, Outcome::Success);
    for index in 0..50 {
        assert_eq!(breaker.state(), State::Closed, "after {index}");
        let mut permit = ask(&mut breaker, at(0.0)).unwrap();
        breaker.slow(&mut permit, at(0.4));
        breaker.record(permit, at(1.0), Outcome::Failure);
    }
    assert_eq!(breaker.state(), State::Open);
}

/// Pitfall d.
#[test]
fn slow_probes_reopen_it_while_they_still_run() {
    let mut breaker = open(&slow_after(400));
    let mut probes = thousand(&mut breaker, at(5.0));
    for probe in &mut probes[..5] {
        breaker.slow(probe, at(5.4));
    }
    assert_eq!(breaker.state(), State::Open);
    assert!(ask(&mut breaker, at(10.3)).is_err());
    assert!(ask(&mut breaker, at(10.4)).is_ok());
}

/// Pitfall f and I14: what was never sent says nothing, neither while closed nor as a probe.
#[test]
fn what_was_never_sent_moves_nothing() {
    let mut breaker = Breaker::new(&rules());
    calls(&mut breaker, 1_000, Outcome::Ignored);
    calls(&mut breaker, 99, Outcome::Failure);
    assert_eq!(breaker.state(), State::Closed);
    let mut breaker = open(&rules());
    (0..1_000).for_each(|_| call(&mut breaker, at(5.0), Outcome::Ignored));
    assert_eq!(breaker.state(), State::HalfOpen);
}

/// I14: 429 and RESOURCE_EXHAUSTED are told as failures. They never close it, and use up the round of probes: a probe that
/// was given back would be sent again at once, to a callee that has just said that it has too many.
#[test]
fn refusals_by_a_limit_never_close_it_and_get_no_second_round() {
    let mut breaker = open(&rules());
    let mut sent = 0;
    for millis in 5_000..20_000 {
        let now = Duration::from_millis(millis);
        if let Ok(permit) = ask(&mut breaker, now) {
            sent += 1;
            breaker.record(permit, now, Outcome::Failure);
        }
        assert_ne!(breaker.state(), State::Closed);
    }
    assert_eq!(sent, 3 * 5, "at 5, 10 and 15 s; five of ten decide");
}

/// Pitfall g: one breaker over three hosts. One sick host never opens it, and two take the healthy one with them; that is
/// why a sick host is for outlier ejection.
#[test]
fn a_breaker_over_many_hosts_sees_only_their_sum() {
    let over = |sick: u32| {
        let mut breaker = Breaker::new(&rules());
        for index in 0..3_000 {
            if breaker.state() == State::Open {
                break;
            }
            call(&mut breaker, at(0.0), if index % 3 < sick { Outcome::Failure } else { Outcome::Success });
        }
        breaker.state()
    };
    assert_eq!((over(1), over(2)), (State::Closed, State::Open));
}
