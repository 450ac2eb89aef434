//! I8, and the traps of section 2 where tower differs.

use super::*;
use crate::policy::Span;

fn policy(ratio: f64, min_per_second: f64) -> BudgetPolicy {
    BudgetPolicy { ratio, min_per_second, window: Span::seconds(10), ..BudgetPolicy::default() }
}

fn earned(ratio: f64, min_per_second: f64) -> Earned {
    Earned::new(&policy(ratio, min_per_second))
}

/// Tokens there are.
fn tokens(budget: &mut Earned, now: Duration) -> f64 {
    budget.balance(now) as f64 / TOKEN as f64
}

/// Calls at `rate` for `seconds`, all failing, each retried for as long as the budget pays: (calls, attempts).
fn total_failure(budget: &mut Earned, rate: u64, seconds: u64, max_retries: u32) -> (u64, u64) {
    let (calls, mut attempts) = (rate * seconds, 0);
    for call in 0..calls {
        let now = Duration::from_nanos(call * 1_000_000_000 / rate);
        budget.deposit(now);
        attempts += 1;
        attempts += (0..max_retries).take_while(|_| budget.withdraw(now)).count() as u64;
    }
    (calls, attempts)
}

/// I8, the seed case.
#[test]
fn twenty_percent_and_ten_a_second_hold_under_total_failure() {
    let (calls, attempts) = total_failure(&mut earned(0.2, 10.0), 450, 60, 3);
    assert_eq!(calls, 27_000);
    assert!(attempts <= 32_400 + 600 + 1, "{attempts}");
    assert!(attempts >= 32_400 + 590, "{attempts}: the budget must pay out what it promises");
}

/// I8 without the reserve. tower rounds the inverse of the ratio: there 0.3 pays 1.333 and 0.6 pays 2.000.
#[test]
fn a_ratio_pays_out_exactly_its_share_for_every_fraction() {
    for ratio in [0.1, 0.2, 0.3, 0.6, 0.7, 1.0, 1.5] {
        let (calls, attempts) = total_failure(&mut earned(ratio, 0.0), 450, 60, 3);
        let share = attempts as f64 / calls as f64;
        assert!(share <= 1.0 + ratio, "{ratio}: {share}");
        assert!(share > 1.0 + ratio - 0.001, "{ratio}: {share}");
    }
}

#[test]
fn an_earned_token_expires_after_the_window() {
    let mut budget = earned(1.0, 0.0);
    for _ in 0..5 {
        budget.deposit(Duration::from_millis(500));
    }
    assert_eq!(tokens(&mut budget, Duration::from_secs(9)), 5.0);
    assert!(!budget.withdraw(Duration::from_millis(10_500)));
}

/// tower pays the reserve in a burst of 100 about every 11 s.
#[test]
fn the_reserve_drips_and_never_bursts() {
    let mut budget = earned(0.0, 10.0);
    let mut retries = 0;
    for millis in 500_000..=501_000 {
        retries += u32::from(budget.withdraw(Duration::from_millis(millis)));
    }
    assert!((10..=11).contains(&retries), "{retries}");
    assert_eq!(
        tokens(&mut budget, Duration::from_secs(1_501)),
        100.0,
        "no more than a window's worth is kept"
    );
}

#[test]
fn a_caller_that_asks_all_the_time_still_gets_its_reserve() {
    let mut budget = earned(0.0, 0.5);
    let granted =
        (0..10_000_000u64).step_by(7).filter(|us| budget.withdraw(Duration::from_micros(*us))).count();
    assert_eq!(granted, 1 + 4, "the one it starts with, and one each 2 s");
}

#[test]
fn a_swap_keeps_tokens_but_not_their_old_worth() {
    let mut budget = earned(1.0, 0.0);
    (0..100).for_each(|_| budget.deposit(Duration::ZERO));
    budget.reconfigure(&policy(0.2, 0.0), Duration::from_secs(1));
    assert_eq!(tokens(&mut budget, Duration::from_secs(1)), 20.0);
    budget.reconfigure(&policy(1.0, 0.0), Duration::from_secs(1));
    assert_eq!(tokens(&mut budget, Duration::from_secs(1)), 20.0);
}

/// tower's example deposits on success only; then total failure spends the reserve and nothing else.
#[test]
fn calls_that_fail_earn_as_well() {
    let (calls, attempts) = total_failure(&mut earned(0.2, 10.0), 450, 60, 3);
    let share = attempts as f64 / calls as f64;
    assert!((1.22..=1.223).contains(&share), "{share}");
}

/// I8 at every moment, not only at the end: no second pays out more than it and the window before it have earned.
#[test]
fn no_moment_has_more_retries_than_calls_have_earned_until_then() {
    let mut budget = earned(0.3, 5.0);
    let (mut calls, mut retries) = (0u32, 0u32);
    for millis in 0..30_000u64 {
        let now = Duration::from_millis(millis);
        // A burst of calls every other second, a storm of retries in between.
        if (millis / 1_000).is_multiple_of(2) {
            budget.deposit(now);
            calls += 1;
        }
        retries += (0..3).filter(|_| budget.withdraw(now)).count() as u32;
        let bound = 0.3 * f64::from(calls) + 5.0 * now.as_secs_f64() + 1.0;
        assert!(f64::from(retries) <= bound + 1e-6, "at {now:?}: {retries} > {bound}");
    }
    assert!(retries >= 15_000 * 3 / 10 + 140, "{retries}");
}
