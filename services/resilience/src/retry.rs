//! Whether a failed attempt is tried again, and when.
//!
//! The decision only: making the attempts, and keeping the total timeout, is `mesh`. Retries belong to one layer;
//! a callee that knows better (breaker open, shed, limit) marks its answer, and the mark is passed up.

use std::time::Duration;

use crate::backoff;
use crate::budget::RetryBudget;
use crate::policy::Retry;

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
    /// The callee answered 503 (UNAVAILABLE, RESOURCE_EXHAUSTED) or could not be reached.
    Unavailable,
    /// The caller's own attempt timeout ran out.
    Timeout,
    /// Anything else, a 504 *answered* by the callee included: it has spent its patience already.
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

/// Decides after a failed attempt, of a call that has made `retries` retries so far.
///
/// A token is taken from `budget` only when all else allows the retry, what is `left` of the deadline included. The
/// total timeout is not asked: it may cut a wait off. A wait named by the callee is kept to exactly, else it is the
/// backoff with `unit_random`.
pub fn next(
    policy: &Retry,
    retries: u32,
    failure: &Failure,
    left: Option<Duration>,
    budget: Option<&mut RetryBudget>,
    now: Duration,
    unit_random: f64,
) -> Decision {
    let worth_it = match failure.class {
        Class::Unavailable => policy.on_unavailable,
        Class::Timeout => policy.on_timeout,
        Class::Other => false,
    };
    if !worth_it {
        return Decision::Stop(Why::Class);
    }
    if failure.do_not_retry {
        return Decision::Stop(Why::Marked);
    }
    if retries >= policy.max_retries {
        return Decision::Stop(Why::Exhausted);
    }
    let planned = policy.backoff.as_ref().map(|backoff| backoff::delay(backoff, retries + 1, unit_random));
    let wait = failure.retry_after.or(planned).unwrap_or_default();
    if left.is_some_and(|left| wait >= left) {
        return Decision::Stop(Why::Deadline);
    }
    if budget.is_some_and(|budget| !budget.withdraw(now)) {
        return Decision::Stop(Why::Budget);
    }
    Decision::After(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Retry =
        Retry { max_retries: 3, on_unavailable: true, on_timeout: true, backoff: None, budget: None };
    const REFUSED: Failure = Failure { class: Class::Unavailable, do_not_retry: false, retry_after: None };

    /// Attempts of one call that fails with `failure` every time.
    fn attempts(policy: &Retry, failure: &Failure) -> u32 {
        let mut retries = 0;
        while let Decision::After(_) = next(policy, retries, failure, None, None, Duration::ZERO, 0.5) {
            retries += 1;
        }
        retries + 1
    }

    /// I5: "max_retries" counts what comes after the first attempt.
    #[test]
    fn three_retries_are_four_attempts() {
        assert_eq!(attempts(&POLICY, &REFUSED), 4);
        assert_eq!(attempts(&Retry { max_retries: 0, ..POLICY }, &REFUSED), 1);
    }

    /// I5.
    #[test]
    fn a_wait_named_by_the_callee_is_kept_to() {
        let named = Failure { retry_after: Some(Duration::from_secs(2)), ..REFUSED };
        assert_eq!(
            next(&POLICY, 0, &named, None, None, Duration::ZERO, 0.0),
            Decision::After(Duration::from_secs(2))
        );
    }

    /// I7, as far as it holds here: the lab lets a person retry a charge without a key, and counts the doubles. What is
    /// never retried is what was marked so, or answered 504.
    #[test]
    fn a_marked_answer_and_an_answered_504_are_tried_once() {
        assert_eq!(attempts(&POLICY, &Failure { do_not_retry: true, ..REFUSED }), 1);
        assert_eq!(attempts(&POLICY, &Failure { class: Class::Other, ..REFUSED }), 1);
        let own_timer = Failure { class: Class::Timeout, ..REFUSED };
        assert_eq!(attempts(&Retry { on_timeout: false, ..POLICY }, &own_timer), 1);
        assert_eq!(attempts(&POLICY, &own_timer), 4);
    }

    #[test]
    fn only_a_retry_that_is_made_costs_a_token() {
        let mut budget = RetryBudget::new(1.0, 0.0, Duration::from_secs(10));
        budget.deposit(Duration::ZERO);
        let mut decide = |retries, failure: &Failure, left| {
            next(&POLICY, retries, failure, left, Some(&mut budget), Duration::ZERO, 0.5)
        };
        assert_eq!(decide(3, &REFUSED, None), Decision::Stop(Why::Exhausted));
        assert_eq!(decide(0, &Failure { do_not_retry: true, ..REFUSED }, None), Decision::Stop(Why::Marked));
        assert_eq!(decide(0, &REFUSED, Some(Duration::ZERO)), Decision::Stop(Why::Deadline));
        assert_eq!(decide(0, &REFUSED, Some(Duration::from_millis(1))), Decision::After(Duration::ZERO));
        assert_eq!(decide(1, &REFUSED, None), Decision::Stop(Why::Budget));
    }
}
