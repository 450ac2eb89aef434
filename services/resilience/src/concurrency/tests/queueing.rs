//! The limiter against a callee with workers and a queue, event by event: the delays that the fluid model leaves out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::concurrency::window::spread;
use crate::concurrency::{Algorithm, Concurrency, Limiter, Outcome, Permit};
use crate::policy::Span;

const STEP: Duration = Duration::from_millis(1);

/// A callee with workers, a queue without end, and a service time.
struct Callee {
    workers: usize,
    service: Duration,
    /// The share of the service time by which it spreads; the bank's is a twentieth.
    jitter: f64,
    busy: usize,
    queue: VecDeque<u64>,
    /// When the call ends, and which it is.
    running: BinaryHeap<Reverse<(Duration, u64)>>,
}

/// A saturated caller through a limiter.
struct Lab {
    limiter: Limiter,
    callee: Callee,
    now: Duration,
    timeout: Option<Duration>,
    next: u64,
    open: BTreeMap<u64, Permit>,
    done: u64,
    limits: Vec<u32>,
}

impl Lab {
    fn new(rules: Concurrency) -> Lab {
        Lab {
            limiter: Limiter::new(&rules, Duration::ZERO),
            callee: Callee {
                workers: 200,
                service: Duration::from_millis(100),
                jitter: 0.05,
                busy: 0,
                queue: VecDeque::new(),
                running: BinaryHeap::new(),
            },
            now: Duration::ZERO,
            timeout: None,
            next: 0,
            open: BTreeMap::new(),
            done: 0,
            limits: Vec::new(),
        }
    }

    /// `offered` calls at most in each millisecond.
    fn run(&mut self, seconds: u64, offered: u32) -> &[u32] {
        let from = self.limits.len();
        for _ in 0..seconds * 1_000 {
            self.now += STEP;
            self.end_calls();
            for _ in 0..offered {
                let Some(permit) = self.limiter.try_acquire(self.now) else { break };
                assert!(self.limiter.in_flight() <= self.limiter.limit());
                self.open.insert(self.next, permit);
                self.callee.queue.push_back(self.next);
                self.next += 1;
            }
            self.start_work();
            self.limits.push(self.limiter.limit());
        }
        &self.limits[from..]
    }

    fn start_work(&mut self) {
        while self.callee.busy < self.callee.workers {
            let Some(call) = self.callee.queue.pop_front() else { break };
            self.callee.busy += 1;
            // Equal ones would march in step.
            let spread = 1.0 + self.callee.jitter * (2.0 * spread(call) - 1.0);
            self.callee.running.push(Reverse((self.now + self.callee.service.mul_f64(spread), call)));
        }
    }

    fn end_calls(&mut self) {
        while let Some(Reverse((end, call))) = self.callee.running.peek().copied()
            && end <= self.now
        {
            self.callee.running.pop();
            self.callee.busy -= 1;
            // One that timed out is worked on to its end all the same.
            if let Some(permit) = self.open.remove(&call) {
                self.limiter.release(permit, self.now, Outcome::Answered);
                self.done += 1;
            }
        }
        while let Some(timeout) = self.timeout
            && let Some(oldest) = self.open.first_entry()
            && self.now - oldest.get().started >= timeout
        {
            let permit = oldest.remove();
            self.limiter.release(permit, self.now, Outcome::TimedOut);
        }
    }
}

fn rules(algorithm: Algorithm) -> Concurrency {
    Concurrency { algorithm, ..Concurrency::default() }
}

fn all() -> [Concurrency; 4] {
    [
        Concurrency { timeout: Span::millis(200), ..rules(Algorithm::Aimd) },
        rules(Algorithm::Vegas),
        Concurrency { tolerance: 1.0, ..rules(Algorithm::Gradient2) },
        rules(Algorithm::Gradient),
    ]
}

/// From 40 s to 80 s, with 20 calls a millisecond on offer.
#[test]
fn each_algorithm_finds_a_knee_of_two_hundred_and_keeps_the_callee_busy() {
    for (rules, low, high) in
        all().into_iter().zip([(260, 450), (180, 240), (180, 240), (120, 320)]).map(|(r, (l, h))| (r, l, h))
    {
        let mut lab = Lab::new(Concurrency { initial: 100, ..rules });
        lab.run(40, 20);
        let before = lab.done;
        let limits = lab.run(40, 20);
        let (least, most) = (*limits.iter().min().unwrap(), *limits.iter().max().unwrap());
        let share = (lab.done - before) as f64 / 80_000.0;
        assert!(share > 0.97, "{:?} served {share} of the capacity, {least} to {most}", rules.algorithm);
        assert!(low <= least && most <= high, "{:?}: {least} to {most}", rules.algorithm);
    }
}

/// The trap of Vegas: its least latency is that of the luckiest window, so noise reads as a queue. The bank's jitter of
/// 5 % is nothing to it.
#[test]
fn vegas_takes_noise_for_a_queue_and_the_gradient_does_not() {
    let reached = |algorithm: Algorithm| {
        let mut lab = Lab::new(rules(algorithm));
        lab.callee.jitter = 0.9;
        let limits = lab.run(60, 20);
        limits[30_000..].iter().sum::<u32>() / 30_000
    };
    let (vegas, gradient) = (reached(Algorithm::Vegas), reached(Algorithm::Gradient));
    assert!(vegas < 120 && gradient > 180, "vegas {vegas}, gradient {gradient}");
}

/// The bank at 30 s, 10 s long, and no timeout anywhere: not one call ends, and the limit falls all the same.
#[test]
fn a_callee_that_hangs_is_noticed_before_the_first_call_has_ended() {
    for rules in all() {
        let mut lab = Lab::new(Concurrency { initial: 100, ..rules });
        lab.run(20, 20);
        let healthy = lab.limiter.limit();
        lab.callee.service = Duration::from_secs(30);
        let hung = *lab.run(10, 20).last().unwrap();
        assert!(hung * 2 <= healthy, "{:?}: from {healthy} to {hung} in 10 s", rules.algorithm);
        lab.callee.service = Duration::from_millis(100);
        lab.run(120, 20);
        let after = lab.limiter.limit();
        assert!(after >= 150, "{:?} is at {after}, 80 s after the last slow call", rules.algorithm);
    }
}

/// I28 end to end: a timeout of 400 ms on a callee that takes 30 s.
#[test]
fn timeouts_bring_the_limit_to_its_floor_and_it_comes_back_afterwards() {
    for rules in all() {
        let mut lab = Lab::new(Concurrency { initial: 100, ..rules });
        lab.timeout = Some(Duration::from_millis(400));
        lab.run(20, 20);
        lab.callee.service = Duration::from_secs(30);
        let fall = lab.run(100, 20);
        assert_eq!(*fall.last().unwrap(), rules.min, "{:?}", rules.algorithm);
        lab.callee.service = Duration::from_millis(100);
        lab.run(90, 20);
        assert!(lab.limiter.limit() >= 150, "{:?} is at {}", rules.algorithm, lab.limiter.limit());
    }
}

/// Somebody turns a timeout of 400 ms on after calls have taken 30 s.
#[test]
fn callers_who_lose_patience_sooner_than_usual_do_not_blind_it() {
    let mut limiter = Limiter::new(&rules(Algorithm::Gradient), Duration::ZERO);
    let slow = limiter.try_acquire(Duration::ZERO).unwrap();
    let mut now = Duration::from_secs(30);
    limiter.release(slow, now, Outcome::Answered);
    for _ in 0..200 {
        let permits: Vec<Permit> = (0..20).filter_map(|_| limiter.try_acquire(now)).collect();
        now += Duration::from_millis(400);
        permits.into_iter().for_each(|permit| limiter.release(permit, now, Outcome::GivenUp));
    }
    assert!(limiter.usual.unwrap() < 0.4, "{:?}", limiter.usual);
}

#[test]
fn a_swap_keeps_the_limit_and_another_algorithm_begins_anew() {
    let vegas = rules(Algorithm::Vegas);
    let mut limiter = Limiter::new(&vegas, Duration::ZERO);
    let permits: Vec<Permit> = (0..20).filter_map(|_| limiter.try_acquire(Duration::ZERO)).collect();
    let mut now = Duration::from_millis(100);
    permits.into_iter().for_each(|permit| limiter.release(permit, now, Outcome::Answered));
    for _ in 0..20 {
        let permits: Vec<Permit> = (0..100).filter_map(|_| limiter.try_acquire(now)).collect();
        now += Duration::from_millis(100);
        permits.into_iter().for_each(|permit| limiter.release(permit, now, Outcome::Answered));
    }
    let learned = limiter.limit();
    assert!(learned > 30, "{learned}");
    limiter.reconfigure(&Concurrency { max: 25, ..vegas }, now);
    assert_eq!(limiter.limit(), 25, "the new bounds hold at once");
    limiter.reconfigure(&Concurrency { max: 1_000, ..vegas }, now);
    assert_eq!(limiter.limit(), 25, "what was learned is kept");
    let held = limiter.try_acquire(now).unwrap();
    limiter.reconfigure(&rules(Algorithm::Gradient), now);
    assert_eq!((limiter.limit(), limiter.in_flight()), (20, 1));
    limiter.release(held, now, Outcome::Failed);
    assert_eq!(limiter.in_flight(), 0);
}

/// A fast failure is not a fast callee.
#[test]
fn failures_and_early_cancels_are_no_samples() {
    let mut limiter = Limiter::new(&rules(Algorithm::Gradient), Duration::ZERO);
    let mut now = Duration::ZERO;
    let mut round = |limiter: &mut Limiter, took: u64, outcome: Outcome| {
        let permits: Vec<Permit> = (0..20).filter_map(|_| limiter.try_acquire(now)).collect();
        now += Duration::from_millis(took);
        permits.into_iter().for_each(|permit| limiter.release(permit, now, outcome));
        now += Duration::from_millis(101);
    };
    (0..5).for_each(|_| round(&mut limiter, 100, Outcome::Answered));
    let (limit, usual) = (limiter.limit(), limiter.usual);
    (0..50).for_each(|_| round(&mut limiter, 1, Outcome::Failed));
    assert_eq!((limiter.limit(), limiter.usual), (limit, usual));
    assert_eq!(limiter.in_flight(), 0);
}

/// The permits of a client under random cancels.
#[test]
fn permits_never_exceed_the_limit_and_all_come_back_from_eight_threads() {
    for rules in all() {
        let limiter = Arc::new(Mutex::new(Limiter::new(&Concurrency { max: 40, ..rules }, Duration::ZERO)));
        let threads: Vec<_> = (0..8_u64)
            .map(|thread| {
                let limiter = Arc::clone(&limiter);
                std::thread::spawn(move || {
                    let mut held: Vec<Permit> = Vec::new();
                    let (mut refused, mut random) = (0, thread + 1);
                    for step in 0..20_000_u64 {
                        random ^= random << 13;
                        random ^= random >> 7;
                        random ^= random << 17;
                        let now = Duration::from_millis(step);
                        let mut limiter = limiter.lock().unwrap();
                        if random % 3 > 0 {
                            match limiter.try_acquire(now) {
                                Some(permit) => {
                                    assert!(limiter.in_flight() <= limiter.limit());
                                    held.push(permit);
                                }
                                None => refused += 1,
                            }
                        } else if !held.is_empty() {
                            let permit = held.swap_remove(random as usize % held.len());
                            let outcomes = [
                                Outcome::Answered,
                                Outcome::TimedOut,
                                Outcome::Refused,
                                Outcome::GivenUp,
                                Outcome::Failed,
                            ];
                            limiter.release(permit, now, outcomes[(random >> 32) as usize % outcomes.len()]);
                        }
                    }
                    let mut limiter = limiter.lock().unwrap();
                    for permit in held {
                        limiter.release(permit, Duration::from_secs(20), Outcome::GivenUp);
                    }
                    refused
                })
            })
            .collect();
        let refused: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert!(refused > 0, "the limit was never reached");
        let limiter = limiter.lock().unwrap();
        assert_eq!((limiter.in_flight, limiter.starts), (0, Duration::ZERO), "{:?}", rules.algorithm);
    }
}
