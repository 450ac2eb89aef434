//! Who is left out, for how long, and never too many of them: I33.

use super::*;

const NAMES: [&str; 3] = ["payment-0", "payment-1", "payment-2"];

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ejector(rules: Outlier) -> Ejector {
    let mut ejector = Ejector::new(&rules, at(0));
    ejector.meet(NAMES.into_iter(), at(0));
    ejector
}

/// So many failures in a row, at one moment; the ejection, if there is one.
fn fail(ejector: &mut Ejector, name: &str, times: u32, now: Duration) -> Option<Ejection> {
    (0..times).filter_map(|_| ejector.record(name, now, now, Outcome::Failed, 0.0)).last()
}

#[test]
fn the_fifth_failure_in_a_row_ejects_and_an_answer_between_them_does_not() {
    let mut ejector = ejector(Outlier::default());
    assert_eq!(fail(&mut ejector, NAMES[1], 4, at(1)), None);
    assert_eq!(ejector.record(NAMES[1], at(1), at(1), Outcome::Answered, 0.0), None);
    assert_eq!(fail(&mut ejector, NAMES[1], 4, at(1)), None);
    let ejection = fail(&mut ejector, NAMES[1], 1, at(2)).unwrap();
    assert_eq!((ejection.reason, ejection.lasts), (Reason::Consecutive, at(30)));
    assert!(!ejector.is_in(NAMES[1]) && ejector.is_in(NAMES[0]));
    ejector.sweep(at(31), 0.0);
    assert!(!ejector.is_in(NAMES[1]), "a second early");
    assert_eq!(ejector.sweep(at(32), 0.0).back, [NAMES[1]]);
    assert!(ejector.is_in(NAMES[1]));
}

/// I33: 429 is the answer of somebody who works.
#[test]
fn what_says_nothing_of_an_instance_does_not_eject_it() {
    let mut ejector = ejector(Outlier::default());
    for _ in 0..1_000 {
        assert_eq!(ejector.record(NAMES[1], at(1), at(1), Outcome::Ignored, 0.0), None);
    }
    // Nor does it break a row of failures.
    fail(&mut ejector, NAMES[1], 4, at(1));
    ejector.record(NAMES[1], at(1), at(1), Outcome::Ignored, 0.0);
    assert!(fail(&mut ejector, NAMES[1], 1, at(1)).is_some());
}

/// I33: at most the share, and always one. Of all sizes and shares.
#[test]
fn no_more_are_ejected_than_the_share_or_one() {
    for instances in 1..=20_usize {
        let names: Vec<String> = (0..instances).map(|number| format!("payment-{number}")).collect();
        for percent in [0, 10, 34, 50, 67, 100] {
            let rules = Outlier { max_ejection_percent: percent, ..Outlier::default() };
            let mut ejector = Ejector::new(&rules, at(0));
            ejector.meet(names.iter().map(String::as_str), at(0));
            for name in &names {
                fail(&mut ejector, name, 50, at(1));
            }
            let most = (instances * percent as usize / 100).max(1);
            assert_eq!(ejector.ejected(), most, "{percent} % of {instances}");
        }
    }
}

/// I33: base x times, capped, plus jitter.
#[test]
fn each_ejection_lasts_longer_up_to_the_cap_and_is_spread_by_the_draw() {
    let rules = Outlier { jitter: Span::seconds(4), ..Outlier::default() };
    let mut ejector = ejector(rules);
    let mut now = at(0);
    for time in 1..=12 {
        fail(&mut ejector, NAMES[0], 4, now);
        let ejection = ejector.record(NAMES[0], now, now, Outcome::Failed, 0.5).unwrap();
        assert_eq!(ejection.lasts, at((30 * time).min(300) + 2), "time {time}");
        now += ejection.lasts;
        ejector.sweep(now, 0.0);
    }
}

#[test]
fn an_instance_that_stays_in_is_forgiven_one_ejection_an_interval() {
    let mut ejector = ejector(Outlier::default());
    let lasts = |ejector: &mut Ejector, now| fail(ejector, NAMES[0], 5, now).map(|ejection| ejection.lasts);
    assert_eq!(lasts(&mut ejector, at(0)), Some(at(30)));
    ejector.sweep(at(30), 0.0);
    assert_eq!(lasts(&mut ejector, at(30)), Some(at(60)));
    for now in 90..=105 {
        ejector.sweep(at(now), 0.0);
    }
    assert_eq!(lasts(&mut ejector, at(105)), Some(at(60)), "one of two was forgiven");
}

#[test]
fn the_rate_ejects_once_an_interval_and_only_on_enough_calls() {
    let off = Setting::Off;
    let rules =
        Outlier { consecutive_failures: off, failure_rate: Setting::On(Share(0.5)), ..Outlier::default() };
    let mut ejector = ejector(rules);
    let calls = |ejector: &mut Ejector, name, calls: u32, failed: u32, now| {
        for call in 0..calls {
            let outcome = if call < failed { Outcome::Failed } else { Outcome::Answered };
            assert_eq!(ejector.record(name, now, now, outcome, 0.0), None, "not before the sweep");
        }
    };
    calls(&mut ejector, NAMES[0], 49, 49, at(1));
    calls(&mut ejector, NAMES[1], 50, 25, at(1));
    calls(&mut ejector, NAMES[2], 500, 249, at(1));
    assert_eq!(ejector.sweep(at(9), 0.0), Swept::default());
    let ejected = ejector.sweep(at(10), 0.0).ejected;
    assert_eq!(ejected.len(), 1);
    assert_eq!((ejected[0].instance.as_str(), ejected[0].reason), (NAMES[1], Reason::Rate));
    calls(&mut ejector, NAMES[0], 49, 49, at(11));
    assert_eq!(ejector.sweep(at(20), 0.0), Swept::default(), "each interval counts anew");
}

#[test]
fn what_began_before_an_ejection_says_nothing_of_who_came_back() {
    let mut ejector = ejector(Outlier::default());
    fail(&mut ejector, NAMES[0], 5, at(1));
    ejector.sweep(at(31), 0.0);
    for _ in 0..50 {
        assert_eq!(ejector.record(NAMES[0], at(1), at(32), Outcome::Failed, 0.0), None);
    }
    assert!(ejector.is_in(NAMES[0]));
    assert!(fail(&mut ejector, NAMES[0], 5, at(32)).is_some(), "and what began after does");
}

#[test]
fn instances_come_and_go_by_name() {
    let mut ejector = ejector(Outlier { max_ejection_percent: 100, ..Outlier::default() });
    fail(&mut ejector, NAMES[0], 5, at(1));
    fail(&mut ejector, NAMES[1], 5, at(1));
    ejector.meet([NAMES[1], NAMES[2]].into_iter(), at(2));
    assert_eq!(ejector.ejected(), 1, "who is gone is not ejected");
    ejector.meet(NAMES.into_iter(), at(3));
    assert!(ejector.is_in(NAMES[0]) && !ejector.is_in(NAMES[1]), "and comes in well");
    assert!(ejector.is_in("a-stranger"));
}

#[test]
fn who_is_ejected_stays_so_under_a_changed_policy() {
    let mut ejector = ejector(Outlier::default());
    fail(&mut ejector, NAMES[0], 5, at(1));
    ejector.configure(&Outlier { base_ejection: Span::seconds(1), ..Outlier::default() });
    ejector.sweep(at(30), 0.0);
    assert!(!ejector.is_in(NAMES[0]));
}

#[test]
fn a_shorter_interval_holds_at_once() {
    let rules = |seconds| Outlier {
        consecutive_failures: Setting::Off,
        failure_rate: Setting::On(Share(0.5)),
        interval: Span::seconds(seconds),
        ..Outlier::default()
    };
    let mut ejector = ejector(rules(300));
    fail(&mut ejector, NAMES[0], 50, at(5));
    assert_eq!(ejector.sweep(at(10), 0.0), Swept::default());
    ejector.configure(&rules(10));
    assert_eq!(ejector.sweep(at(10), 0.0).ejected.len(), 1);
}
