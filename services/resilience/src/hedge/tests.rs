//! When a read is asked twice, and when not: the share, the learned time, the traps of section 3.9.

use super::*;
use crate::budget::BudgetPolicy;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn budget(ratio: f64) -> RetryBudget {
    RetryBudget::new(&BudgetPolicy { ratio, min_per_second: 0.0, ..BudgetPolicy::default() })
}

/// A call each 10 ms, whose first attempt takes what `takes` says of its number; a hedge takes 10 ms. The calls, the
/// hedges, and the last wait.
fn play(
    rules: &Hedge,
    calls: u64,
    mut budget: Option<RetryBudget>,
    takes: impl Fn(u64) -> Duration,
) -> (u64, u64, Option<Duration>) {
    let (mut hedging, mut hedges, mut last) = (Hedging::new(rules), 0, None);
    for call in 0..calls {
        let now = millis(10 * call);
        if let Some(budget) = &mut budget {
            budget.deposit(now);
        }
        let takes = takes(call);
        let wait = hedging.begin(now);
        last = wait.or(last);
        match wait.filter(|wait| *wait < takes) {
            Some(wait) if hedging.admit(now + wait, None, budget.as_mut()).is_ok() => {
                hedges += 1;
                hedging.learn(takes.min(wait + millis(10)), now);
            }
            _ => hedging.learn(takes, now),
        }
    }
    (calls, hedges, last)
}

/// One in 25 takes a second, the others 10 to 19 ms.
fn tail(call: u64) -> Duration {
    if call % 25 == 24 { millis(1_000) } else { millis(10 + call % 10) }
}

#[test]
fn it_waits_for_the_learned_percentile_and_not_before_it_has_learned() {
    let mut hedging = Hedging::new(&Hedge::default());
    for call in 0..99 {
        assert_eq!(hedging.begin(millis(call)), None);
        hedging.learn(millis(10 + call % 10), millis(call));
    }
    hedging.begin(millis(99));
    hedging.learn(millis(10), millis(99));
    let wait = hedging.begin(millis(100)).unwrap();
    assert!((millis(18)..millis(21)).contains(&wait), "{wait:?}");
    let fixed = Hedge { after: Setting::On(Span::millis(7)), ..Hedge::default() };
    assert_eq!(
        Hedging::new(&fixed).begin(millis(0)),
        Some(millis(7)),
        "a wait that was named needs no lesson"
    );
}

/// I31: five in a hundred in any 10 s, also when all are slow.
#[test]
fn the_share_holds_over_any_ten_seconds_also_when_everything_is_slow() {
    let mut hedging = Hedging::new(&Hedge { after: Setting::On(Span::millis(20)), ..Hedge::default() });
    let mut made = Vec::new();
    for call in 0..6_000 {
        let now = millis(10 * call);
        // Nobody waits for the slow ones: the calls come as they came before.
        let slow = (2_000..4_000).contains(&call);
        hedging.begin(now);
        if (slow || call % 25 == 0) && hedging.admit(now, None, None).is_ok() {
            made.push(now);
        }
    }
    assert!(made.iter().filter(|at| (millis(20_000)..millis(40_000)).contains(at)).count() >= 90);
    for from in (0..50_000).step_by(500) {
        let hedges = made.iter().filter(|at| (millis(from)..millis(from + 10_000)).contains(at)).count();
        assert!(hedges <= 50, "{hedges} of 1000 calls from {from} ms");
    }
}

/// I31: whichever of the two is tighter.
#[test]
fn a_retry_budget_bounds_hedges_as_well() {
    let rules = Hedge { max_extra_share: 1.0, after: Setting::On(Span::millis(20)), ..Hedge::default() };
    let slow = |_| millis(30_000);
    let (calls, hedges, _) = play(&rules, 3_000, Some(budget(0.2)), slow);
    assert!((calls / 5 - 10..=calls / 5).contains(&hedges), "{hedges}");
    let (calls, hedges, _) = play(&rules, 3_000, None, slow);
    assert!(hedges >= calls - 10, "{hedges}: and nothing else does, with a share of 1");
}

#[test]
fn a_hedge_that_could_not_be_answered_in_time_is_not_made_and_costs_nothing() {
    let mut hedging = Hedging::new(&Hedge { max_extra_share: 1.0, ..Hedge::default() });
    let mut budget = budget(1.0);
    budget.deposit(millis(0));
    for call in 0..100 {
        hedging.begin(millis(call));
        hedging.learn(millis(50), millis(call));
    }
    let mut admit = |left| hedging.admit(millis(100), left, Some(&mut budget));
    assert_eq!(admit(Some(millis(40))), Err(Why::Deadline));
    assert_eq!(admit(Some(Duration::ZERO)), Err(Why::Deadline));
    assert_eq!(admit(Some(millis(60))), Ok(()));
    assert_eq!(admit(None), Err(Why::Budget));
}

/// The slow ones are those that are hedged: what they teach must not be lost with them.
#[test]
fn the_percentile_is_not_poisoned_by_the_attempts_that_lost() {
    let rules = Hedge { percentile: 0.9, max_extra_share: 1.0, ..Hedge::default() };
    let (calls, hedges, wait) = play(&rules, 20_000, None, tail);
    let wait = wait.unwrap();
    assert!((millis(17)..millis(21)).contains(&wait), "{wait:?}");
    assert!((hedges as f64) < 0.12 * calls as f64, "{hedges}: a tenth, and no spiral");
}

/// I32, the machine's part: with one of four instances a second late, nine in ten wait for a hedge and not for it.
#[test]
fn a_slow_quarter_is_beyond_the_share_and_a_slow_twentieth_is_not() {
    let quarter = |call| if call % 4 == 0 { millis(1_000) } else { millis(10) };
    let named = Hedge { after: Setting::On(Span::millis(20)), max_extra_share: 0.3, ..Hedge::default() };
    let (calls, hedges, _) = play(&named, 4_000, None, quarter);
    assert!(hedges as f64 > 0.24 * calls as f64, "{hedges}");
    let (calls, hedges, _) = play(&Hedge::default(), 4_000, None, quarter);
    assert_eq!(hedges, 0, "the 95th of a hundred is slow itself: of {calls} none waits longer than it");
}
