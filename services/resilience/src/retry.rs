//! Whether a failed attempt is tried again, and when.
//!
//! The decision only: making the attempts, and keeping the total timeout, is `mesh`. Retries belong to one layer;
//! a callee that knows better (breaker open, shed, limit) marks its answer, and the mark is passed up.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backoff::{self, BackoffPolicy};
use crate::budget::{BudgetPolicy, RetryBudget};
use crate::policy::Setting;

/// Trying again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// Attempts after the first: 3 means 4 attempts in all, as in Polly; resilience4j counts the first as well.
    /// Default 0.
    #[schemars(range(min = 0, max = 100))]
    pub max_retries: u32,
    /// What is worth another try: `unavailable` = the callee answered 503 or 429, could not be reached, or the connection
    /// broke while it was waited for, so that its work may have been done; `timeout` = the attempt timeout of this call
    /// ran out. Default: both.
    pub on: Vec<RetryOn>,
    /// The wait before a retry, unless the callee names one. Default `off`: at once.
    pub backoff: Setting<BackoffPolicy>,
    /// How many retries all calls of this kind may make together. Default `off`: no limit.
    pub budget: Setting<BudgetPolicy>,
}

/// A reason to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum RetryOn {
    Unavailable,
    Timeout,
}

impl Default for RetryPolicy {
    fn default() -> RetryPolicy {
        RetryPolicy {
            max_retries: 0,
            on: vec![RetryOn::Unavailable, RetryOn::Timeout],
            backoff: Setting::Off,
            budget: Setting::Off,
        }
    }
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    pub class: Class,
    /// The answer carried the do-not-retry mark.
    pub do_not_retry: bool,
    /// The callee named the wait (Retry-After, pushback).
    pub retry_after: Option<Duration>,
}

/// What can be worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The callee answered 503 or 429 (UNAVAILABLE, RESOURCE_EXHAUSTED) or could not be reached.
    Unavailable,
    /// The caller's own attempt timeout ran out.
    Timeout,
    /// Anything else. A 504 *answered* by the callee is here, as DEADLINE_EXCEEDED or as CANCELLED, which is what tonic
    /// makes of a timeout of its own: the callee has spent its patience already.
    Other,
}

/// The decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again after this wait.
    After(Duration),
    Stop(Why),
}

/// Why a call is not tried again; a bounded label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The policy does not retry this class.
    Class,
    /// The answer said so.
    Marked,
    /// All retries are used up.
    Exhausted,
    /// It would begin after the deadline.
    Deadline,
    /// There is no token for it.
    Budget,
}

/// What is left of the request's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// None = the request has no deadline.
    pub left: Option<Duration>,
    /// No attempt begins with less than this.
    pub floor: Duration,
}

impl Time {
    /// Whether an attempt that begins after `wait` begins too late.
    pub fn is_over_after(self, wait: Duration) -> bool {
        self.left.is_some_and(|left| wait >= left || left - wait < self.floor)
    }
}

/// Whether another attempt could have helped: what a budget of tokens counts as a failure, marked or not.
pub fn is_worth_it(policy: &RetryPolicy, class: Class) -> bool {
    match class {
        Class::Unavailable => policy.on.contains(&RetryOn::Unavailable),
        Class::Timeout => policy.on.contains(&RetryOn::Timeout),
        Class::Other => false,
    }
}

/// Decides after a failed attempt, of a call that has made `retries` retries so far.
///
/// A token is taken from `budget` only when all else allows the retry, the `time` that is left included. The total timeout
/// is not asked: as in Envoy and Polly it cuts a wait off. A wait named by the callee is kept to exactly, else it is the
/// backoff with `draw` in `0..1`.
pub fn next(
    policy: &RetryPolicy,
    retries: u32,
    failure: &Failure,
    time: Time,
    budget: Option<&mut RetryBudget>,
    now: Duration,
    draw: f64,
) -> Decision {
    if !is_worth_it(policy, failure.class) {
        return Decision::Stop(Why::Class);
    }
    if failure.do_not_retry {
        return Decision::Stop(Why::Marked);
    }
    if retries >= policy.max_retries {
        return Decision::Stop(Why::Exhausted);
    }
    let planned = policy.backoff.on().map(|backoff| backoff::delay(backoff, retries + 1, draw));
    let wait = failure.retry_after.or(planned).unwrap_or_default();
    if time.is_over_after(wait) {
        return Decision::Stop(Why::Deadline);
    }
    if budget.is_some_and(|budget| !budget.pays_for_retry(now)) {
        return Decision::Stop(Why::Budget);
    }
    Decision::After(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Span;

    const REFUSED: Failure = Failure { class: Class::Unavailable, do_not_retry: false, retry_after: None };
    const ENDLESS: Time = Time { left: None, floor: Duration::ZERO };

    fn policy() -> RetryPolicy {
        RetryPolicy { max_retries: 3, ..RetryPolicy::default() }
    }

    fn left(millis: u64, floor: u64) -> Time {
        Time { left: Some(Duration::from_millis(millis)), floor: Duration::from_millis(floor) }
    }

    /// The first decision about a call that failed with `failure`.
    fn first(policy: &RetryPolicy, failure: &Failure, time: Time) -> Decision {
        next(policy, 0, failure, time, None, Duration::ZERO, 0.999)
    }

    /// Attempts of one call that fails with `failure` every time.
    fn attempts(policy: &RetryPolicy, failure: &Failure) -> u32 {
        let mut retries = 0;
        while let Decision::After(_) = next(policy, retries, failure, ENDLESS, None, Duration::ZERO, 0.5) {
            retries += 1;
        }
        retries + 1
    }

    /// I5, and the first trap of retries: "3" counts what comes after the first attempt.
    #[test]
    fn three_retries_are_four_attempts() {
        assert_eq!(attempts(&policy(), &REFUSED), 4);
        assert_eq!(attempts(&RetryPolicy::default(), &REFUSED), 1);
    }

    /// I5.
    #[test]
    fn a_wait_named_by_the_callee_is_kept_to_exactly_whatever_the_backoff_says() {
        let named = Failure { retry_after: Some(Duration::from_secs(2)), ..REFUSED };
        let backoff = Setting::On(BackoffPolicy { base: Span::seconds(9), ..BackoffPolicy::default() });
        for policy in [policy(), RetryPolicy { backoff, ..policy() }] {
            assert_eq!(first(&policy, &named, ENDLESS), Decision::After(Duration::from_secs(2)));
        }
        let at_once = Failure { retry_after: Some(Duration::ZERO), ..REFUSED };
        let policy = RetryPolicy { backoff, ..policy() };
        assert_eq!(first(&policy, &at_once, ENDLESS), Decision::After(Duration::ZERO), "0 is a wait as well");
    }

    /// I7, as far as it holds here: the lab lets a person retry a charge without a key, and counts the doubles. What is
    /// never retried is what was marked so, or answered 504.
    #[test]
    fn a_marked_answer_and_an_answered_504_are_tried_once() {
        assert_eq!(attempts(&policy(), &Failure { do_not_retry: true, ..REFUSED }), 1);
        assert_eq!(attempts(&policy(), &Failure { class: Class::Other, ..REFUSED }), 1);
        let own_timer = Failure { class: Class::Timeout, ..REFUSED };
        let only_503 = RetryPolicy { on: vec![RetryOn::Unavailable], ..policy() };
        assert_eq!((attempts(&only_503, &own_timer), attempts(&only_503, &REFUSED)), (1, 4));
        assert_eq!(attempts(&policy(), &own_timer), 4);
    }

    /// I2, and the third trap of retries.
    #[test]
    fn no_retry_begins_after_the_deadline_or_with_less_than_the_floor() {
        let policy = policy();
        assert_eq!(first(&policy, &REFUSED, left(0, 0)), Decision::Stop(Why::Deadline));
        assert_eq!(first(&policy, &REFUSED, left(1, 0)), Decision::After(Duration::ZERO));
        assert_eq!(first(&policy, &REFUSED, left(119, 120)), Decision::Stop(Why::Deadline));
        assert_eq!(first(&policy, &REFUSED, left(120, 120)), Decision::After(Duration::ZERO));
        let named = Failure { retry_after: Some(Duration::from_secs(2)), ..REFUSED };
        assert_eq!(first(&policy, &named, left(2_000, 0)), Decision::Stop(Why::Deadline));
        assert_eq!(first(&policy, &named, left(2_100, 120)), Decision::Stop(Why::Deadline));
        assert_eq!(first(&policy, &named, left(2_120, 120)), Decision::After(Duration::from_secs(2)));
    }

    #[test]
    fn only_a_retry_that_is_made_costs_a_token() {
        let earn = BudgetPolicy { ratio: 1.0, min_per_second: 0.0, ..BudgetPolicy::default() };
        let mut budget = RetryBudget::new(&earn);
        budget.deposit(Duration::ZERO);
        let mut decide = |retries, failure: &Failure, time| {
            next(&policy(), retries, failure, time, Some(&mut budget), Duration::ZERO, 0.5)
        };
        assert_eq!(decide(3, &REFUSED, ENDLESS), Decision::Stop(Why::Exhausted));
        assert_eq!(
            decide(0, &Failure { do_not_retry: true, ..REFUSED }, ENDLESS),
            Decision::Stop(Why::Marked)
        );
        assert_eq!(decide(0, &REFUSED, left(0, 0)), Decision::Stop(Why::Deadline));
        assert_eq!(decide(0, &REFUSED, left(1, 0)), Decision::After(Duration::ZERO));
        assert_eq!(decide(1, &REFUSED, ENDLESS), Decision::Stop(Why::Budget));
    }
}
