//! What holds for either kind: swaps, hedges, and eight threads at once.

use std::sync::Mutex;
use std::thread;

use super::*;
use crate::policy::Span;

const TOKENS: BudgetPolicy = BudgetPolicy {
    kind: BudgetKind::Tokens,
    ratio: 0.0,
    min_per_second: 0.0,
    window: Span::seconds(10),
    max_tokens: 10,
    token_ratio: 0.1,
};

fn window(ratio: f64, min_per_second: f64) -> BudgetPolicy {
    BudgetPolicy { ratio, min_per_second, ..BudgetPolicy::default() }
}

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_swap_of_something_else_does_not_make_tokens_younger() {
    let mut budget = RetryBudget::new(&window(1.0, 0.0));
    budget.deposit(at(0));
    for second in 0..20 {
        budget.reconfigure(&window(1.0, 0.0), at(second * 1_000));
    }
    assert!(!budget.withdraw(at(10_000)));
}

#[test]
fn the_other_kind_starts_anew() {
    let mut budget = RetryBudget::new(&window(1.0, 0.0));
    (0..100).for_each(|_| budget.deposit(at(0)));
    budget.reconfigure(&TOKENS, at(0));
    assert_eq!(budget.tokens(at(0)), 10.0);
    budget.reconfigure(&window(1.0, 0.0), at(0));
    assert_eq!(budget.tokens(at(0)), 0.0);
}

/// Each kind hears only what it is about.
#[test]
fn calls_earn_in_a_window_and_results_count_for_tokens() {
    let mut earned = RetryBudget::new(&window(1.0, 0.0));
    earned.settle(true);
    assert_eq!(earned.tokens(at(0)), 0.0);
    earned.deposit(at(0));
    earned.settle(false);
    assert_eq!(earned.tokens(at(0)), 1.0);
    let mut throttle = RetryBudget::new(&TOKENS);
    throttle.deposit(at(0));
    throttle.settle(false);
    assert_eq!(throttle.tokens(at(0)), 9.0);
}

/// I31 needs it: no failure pays for a hedge, so it pays for itself, with a budget of either kind.
#[test]
fn a_hedge_takes_a_token_that_a_retry_could_have_had() {
    let mut earned = RetryBudget::new(&window(1.0, 0.0));
    earned.deposit(at(0));
    assert!(earned.withdraw(at(0)));
    assert!(!earned.pays_for_retry(at(0)));

    let mut throttle = RetryBudget::new(&TOKENS);
    let at_once = (0..100).filter(|_| throttle.withdraw(at(0))).count();
    assert_eq!(at_once, 5);
    assert!(!throttle.pays_for_retry(at(0)));
    let mut hedges = 0;
    for _ in 0..10_000 {
        throttle.settle(true);
        hedges += u32::from(throttle.withdraw(at(0)));
    }
    assert_eq!(hedges, 1_000, "one for each ten that succeed");
}

/// What Envoy's share of concurrent retries does: there, retries of 30 s fill the budget for 30 s.
#[test]
fn a_retry_that_takes_long_costs_no_more_than_one_that_is_quick() {
    let mut budget = RetryBudget::new(&window(0.2, 0.0));
    let mut retries = 0;
    for call in 0..45_000u64 {
        let now = at(call * 1_000 / 450);
        budget.deposit(now);
        // None of them ever ends.
        retries += u32::from(budget.pays_for_retry(now));
    }
    assert_eq!(retries, 9_000);
}

/// I8 with everything at once: eight threads that call, retry, hedge and hang up at random, and a policy that is swapped
/// among them. Every token that was spent had been earned, at the ratio of its time.
#[test]
fn eight_threads_and_a_swapped_policy_never_spend_what_was_not_earned() {
    struct World {
        budget: RetryBudget,
        policy: BudgetPolicy,
        now: Duration,
        /// In billionths.
        earned: u128,
        spent: u128,
        refused: u32,
    }
    let first = window(0.2, 5.0);
    let world = Mutex::new(World {
        budget: RetryBudget::new(&first),
        policy: first,
        now: Duration::ZERO,
        earned: TOKEN,
        spent: 0,
        refused: 0,
    });
    let fight = |seed: u64| {
        let mut dice = seed;
        for _ in 0..10_000 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let roll = (dice >> 33) % 1_000;
            let mut world = world.lock().unwrap();
            let World { budget, policy, now, earned, spent, refused } = &mut *world;
            let passed = Duration::from_micros(roll);
            *now += passed;
            *earned += billionths(policy.min_per_second) * passed.as_nanos() / TOKEN + 1;
            match roll {
                0..5 => {
                    let reserve = (roll * 5) as f64;
                    *policy =
                        BudgetPolicy { ratio: [0.1, 0.3, 1.0][(roll % 3) as usize], ..window(0.0, reserve) };
                    policy.window = Span::millis(100 + 900 * (roll % 2));
                    budget.reconfigure(policy, *now);
                }
                5..500 => {
                    budget.deposit(*now);
                    *earned += billionths(policy.ratio);
                    budget.settle(roll.is_multiple_of(2));
                }
                _ => {
                    let paid = if roll.is_multiple_of(2) {
                        budget.withdraw(*now)
                    } else {
                        budget.pays_for_retry(*now)
                    };
                    *spent += if paid { TOKEN } else { 0 };
                    *refused += u32::from(!paid);
                }
            }
            assert!(spent <= earned, "{spent} of {earned} at {now:?}");
        }
    };
    thread::scope(|scope| {
        let fight = &fight;
        (1..=8).for_each(|seed| _ = scope.spawn(move || fight(seed)));
    });
    let World { spent, earned, refused, .. } = world.into_inner().unwrap();
    assert!(
        refused > 1_000 && spent > earned / 4,
        "nothing was contended: {refused} refused, {spent} of {earned}"
    );
}

/// I9 under the same fire: the tokens stay between none and all, and the sum is that of what happened.
#[test]
fn eight_threads_never_bring_the_tokens_out_of_their_bounds() {
    let world = Mutex::new((RetryBudget::new(&TOKENS), 10 * TOKEN));
    let fight = |seed: u64| {
        let mut dice = seed;
        for _ in 0..10_000 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mut world = world.lock().unwrap();
            let (budget, expected) = &mut *world;
            let roll = (dice >> 33) % 16;
            match roll {
                0..12 => {
                    budget.settle(true);
                    *expected = (*expected + TOKEN / 10).min(10 * TOKEN);
                }
                12 => {
                    budget.settle(false);
                    *expected = expected.saturating_sub(TOKEN);
                }
                _ => {
                    let paid = budget.withdraw(Duration::ZERO);
                    assert_eq!(paid, *expected > 5 * TOKEN);
                    *expected -= if paid { TOKEN } else { 0 };
                }
            }
            assert_eq!(budget.tokens(Duration::ZERO), *expected as f64 / TOKEN as f64);
        }
    };
    thread::scope(|scope| {
        let fight = &fight;
        (1..=8).for_each(|seed| _ = scope.spawn(move || fight(seed)));
    });
}
