//! The state machines alone, as the layers hold them: behind a lock that is taken when a call begins and when it ends.
//!
//! A process of the shop has one thread, so the lock is never contended there. It is measured contended all the same,
//! because that is what whoever takes a machine elsewhere asks first.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use resilience::breaker::{Breaker, BreakerPolicy, Outcome};
use resilience::budget::{BudgetPolicy, RetryBudget};
use resilience::concurrency::{self, Algorithm, Concurrency, Limiter};
use resilience::limit::Bulkhead;
use resilience::throttle::{Throttle, Throttler};

/// Calls of one measurement, over all threads.
const CALLS: u32 = 200_000;
/// What a call is later than the one before.
const STEP: Duration = Duration::from_micros(20);

/// A machine under test.
pub(crate) struct Machine {
    pub(crate) name: &'static str,
    /// Wall time of one call, in nanoseconds, with so many threads at it.
    pub(crate) measure: Box<dyn Fn(u32) -> f64>,
}

/// All of them.
pub(crate) fn machines() -> Vec<Machine> {
    let mut all = vec![
        machine(
            "breaker",
            || Breaker::new(&BreakerPolicy::default()),
            |breaker, now| breaker.acquire(now, 0.5).ok(),
            |breaker, permit, now| {
                if let Some(permit) = permit {
                    breaker.record(permit, now, Outcome::Success);
                }
            },
        ),
        machine(
            "retry budget",
            || RetryBudget::new(&BudgetPolicy::default()),
            |budget, now| budget.deposit(now),
            |budget, (), now| {
                std::hint::black_box(budget.withdraw(now));
            },
        ),
        machine(
            "bulkhead",
            || Bulkhead::new(Some(1_000)),
            |bulkhead, _| bulkhead.try_acquire(),
            |bulkhead, admitted, _| {
                if admitted {
                    bulkhead.release();
                }
            },
        ),
        machine(
            "throttle",
            || Throttler::new(&Throttle::default()),
            |throttle, now| throttle.send(now, 0.5),
            |throttle, sent, _| {
                if let Some(sent) = sent {
                    throttle.accepted(sent);
                }
            },
        ),
    ];
    all.extend([
        limiter("concurrency, aimd", Algorithm::Aimd),
        limiter("concurrency, vegas", Algorithm::Vegas),
        limiter("concurrency, gradient2", Algorithm::Gradient2),
        limiter("concurrency, gradient", Algorithm::Gradient),
    ]);
    all
}

fn limiter(name: &'static str, algorithm: Algorithm) -> Machine {
    let rules = Concurrency { algorithm, ..Concurrency::default() };
    machine(
        name,
        move || Limiter::new(&rules, Duration::ZERO),
        |limiter, now| limiter.try_acquire(now),
        |limiter, permit, now| {
            if let Some(permit) = permit {
                limiter.release(permit, now, concurrency::Outcome::Answered);
            }
        },
    )
}

fn machine<M: Send + 'static, P: 'static>(
    name: &'static str,
    make: impl Fn() -> M + 'static,
    enter: fn(&mut M, Duration) -> P,
    leave: fn(&mut M, P, Duration),
) -> Machine {
    let measure = Box::new(move |threads: u32| {
        let machine = Mutex::new(make());
        let calls = CALLS / threads.max(1);
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| (0..calls).for_each(|call| pass(&machine, enter, leave, STEP * call)));
            }
        });
        begun.elapsed().as_secs_f64() * 1e9 / f64::from(calls * threads)
    });
    Machine { name, measure }
}

fn pass<M, P>(
    machine: &Mutex<M>,
    enter: fn(&mut M, Duration) -> P,
    leave: fn(&mut M, P, Duration),
    now: Duration,
) {
    let lock = || machine.lock().expect("no panic in a state machine");
    let permit = std::hint::black_box(enter(&mut lock(), now));
    leave(&mut lock(), permit, now + STEP / 2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_admits_every_call_of_one_thread() {
        let machine = Mutex::new(Limiter::new(&Concurrency::default(), Duration::ZERO));
        for call in 0..10_000 {
            let enter = |limiter: &mut Limiter, now| Some(limiter.try_acquire(now).expect("one is no crowd"));
            pass(
                &machine,
                enter,
                |limiter, permit: Option<_>, now| {
                    if let Some(permit) = permit {
                        limiter.release(permit, now, concurrency::Outcome::Answered);
                    }
                },
                STEP * call,
            );
        }
        assert_eq!(machine.lock().unwrap().in_flight(), 0);
    }
}
