//! The pool in a small event simulation: Poisson arrivals, callers with a timeout and retries, workers that take 100 ms.
//! What the invariants I19 to I22 and the traps of resilience.md 0 and 3.6 say about *systems* is proven here, without a
//! clock and in seconds; the figures are those of the models there.
//!
//! Left out: the network, the cost of a refusal, and more than one method.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::*;
use crate::deadline::{Deadline, Enforce};
use crate::policy::{Server, Setting, Span, Switch};

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);
/// 200 workers at 100 ms.
const CAPACITY: f64 = 2_000.0;

/// What is simulated.
#[derive(Clone)]
struct Case {
    server: Server,
    /// First attempts per second, at a time.
    rate: fn(Duration) -> f64,
    until: Duration,
    /// A caller waits so long for each attempt, and tries so often again, at once; none = it waits for ever.
    patience: Option<Duration>,
    retries: u32,
    /// A retry waits for up to this, doubled each time, all lengths alike ("full jitter").
    backoff: Duration,
    /// The callee is told how long its caller waits.
    propagate: bool,
    /// How long the work takes that starts at a time.
    service: fn(Duration) -> Duration,
}

impl Case {
    /// 200 workers at 100 ms, callers without patience.
    fn new(queue: Queue, rate: fn(Duration) -> f64, until: Duration) -> Case {
        Case {
            server: Server { workers: 200, queue, ..Server::default() },
            rate,
            until,
            patience: None,
            retries: 0,
            backoff: Duration::ZERO,
            propagate: false,
            service: |_| 100 * MS,
        }
    }
}

/// What became of it.
#[derive(Default)]
struct Report {
    /// Of each job that started: when, and how long it had queued.
    started: Vec<(Duration, Duration)>,
    /// When a job ended of which the caller had not left.
    good: Vec<Duration>,
    refused: Vec<(Duration, Refusal)>,
    /// Jobs that a worker began past their deadline.
    begun_late: u64,
    longest_queue: usize,
}

impl Report {
    /// Waits of what started in these seconds, sorted.
    fn waits(&self, from: u64, to: u64) -> Vec<Duration> {
        let within = |at: &Duration| (from..to).contains(&at.as_secs());
        let mut waits: Vec<_> =
            self.started.iter().filter(|(at, _)| within(at)).map(|(_, waited)| *waited).collect();
        waits.sort_unstable();
        waits
    }

    /// Jobs started per second in these seconds.
    fn throughput(&self, from: u64, to: u64) -> f64 {
        self.waits(from, to).len() as f64 / (to - from) as f64
    }

    /// Callers served per second in these seconds.
    fn goodput(&self, from: u64, to: u64) -> f64 {
        let good = self.good.iter().filter(|at| (from..to).contains(&at.as_secs()));
        good.count() as f64 / (to - from) as f64
    }

    fn shed(&self, why: Refusal) -> usize {
        self.refused.iter().filter(|(_, reason)| *reason == why).count()
    }
}

/// One attempt of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Attempt {
    call: usize,
    number: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A new call comes.
    Arrival,
    /// A worker is done.
    Done { attempt: Attempt, started: Duration, whole: bool, left: Option<Duration> },
    /// A caller's patience ends.
    Patience(Attempt),
    /// A caller has waited, and tries again.
    Retry(Attempt),
}

struct Simulation {
    case: Case,
    pool: Pool<Attempt>,
    events: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    /// Which attempt of a call is waited for, if any, and until when.
    calls: Vec<Option<(u32, Option<Duration>)>>,
    scheduled: u64,
    random: u64,
    report: Report,
}

impl Simulation {
    fn run(case: Case) -> Report {
        let pool = Pool::new(&case.server);
        let mut simulation = Simulation {
            case,
            pool,
            events: BinaryHeap::new(),
            calls: Vec::new(),
            scheduled: 0,
            random: 0x2545_F491_4F6C_DD1D,
            report: Report::default(),
        };
        simulation.schedule(Duration::ZERO, Event::Arrival);
        while let Some(Reverse((now, _, event))) = simulation.events.pop() {
            if now >= simulation.case.until {
                break;
            }
            simulation.happen(now, event);
        }
        simulation.report
    }

    fn happen(&mut self, now: Duration, event: Event) {
        match event {
            Event::Arrival => {
                self.calls.push(None);
                self.send(now, Attempt { call: self.calls.len() - 1, number: 0 });
                let gap = self.exponential((self.case.rate)(now));
                self.schedule(now + gap, Event::Arrival);
            }
            Event::Done { attempt, started, whole, left } => {
                if whole && self.case.server.deadline.expected.is_on() {
                    self.pool.learn("Charge", now - started, left);
                }
                if whole && self.waits_for(attempt) {
                    self.calls[attempt.call] = None;
                    self.report.good.push(now);
                }
                let turn = self.pool.finish(now, "Charge");
                self.obey(now, turn);
            }
            Event::Patience(attempt) => {
                if self.waits_for(attempt) {
                    self.again(now, attempt);
                }
            }
            Event::Retry(attempt) => self.send(now, attempt),
        }
    }

    fn send(&mut self, now: Duration, attempt: Attempt) {
        let until = self.case.patience.map(|patience| now + patience);
        self.calls[attempt.call] = Some((attempt.number, until));
        if let Some(until) = until {
            self.schedule(until, Event::Patience(attempt));
        }
        let told = until.filter(|_| self.case.propagate);
        match self.pool.offer(now, attempt, "Charge", Priority::Normal, told) {
            Offer::Start(start) => self.begin(now, &start),
            Offer::Queued(_) => {}
            Offer::Refused(refused) => self.refuse(now, &refused),
        }
        self.report.longest_queue = self.report.longest_queue.max(self.pool.queued());
    }

    fn obey(&mut self, now: Duration, turn: Turn<Attempt>) {
        turn.refused.iter().for_each(|refused| self.refuse(now, refused));
        turn.starts.iter().for_each(|start| self.begin(now, start));
    }

    fn begin(&mut self, now: Duration, start: &Start<Attempt>) {
        self.report.started.push((now, start.waited));
        // +-5 %, so that workers do not move in step.
        let takes = (self.case.service)(now).mul_f64(0.95 + 0.1 * self.unit());
        let due = self.case.patience.filter(|_| self.case.propagate).map(|patience| {
            let sent = now - start.waited;
            sent + patience
        });
        self.report.begun_late += u64::from(due.is_some_and(|due| due <= now));
        let cut = due.filter(|due| self.case.server.deadline.ends_running() && now + takes > *due);
        let done = Event::Done {
            attempt: start.item,
            started: now,
            whole: cut.is_none(),
            left: due.map(|due| due.saturating_sub(now)),
        };
        self.schedule(cut.unwrap_or(now + takes), done);
    }

    fn refuse(&mut self, now: Duration, refused: &Refused<Attempt>) {
        self.report.refused.push((now, refused.why));
        if self.waits_for(refused.item) {
            self.again(now, refused.item);
        }
    }

    fn again(&mut self, now: Duration, attempt: Attempt) {
        self.calls[attempt.call] = None;
        if attempt.number >= self.case.retries {
            return;
        }
        let next = Attempt { number: attempt.number + 1, ..attempt };
        if self.case.backoff.is_zero() {
            return self.send(now, next);
        }
        let wait = (self.case.backoff * 2_u32.pow(attempt.number)).mul_f64(self.unit());
        self.schedule(now + wait, Event::Retry(next));
    }

    fn waits_for(&self, attempt: Attempt) -> bool {
        self.calls[attempt.call].is_some_and(|(number, _)| number == attempt.number)
    }

    fn schedule(&mut self, at: Duration, event: Event) {
        self.scheduled += 1;
        self.events.push(Reverse((at, self.scheduled, event)));
    }

    /// xorshift64*, in `0..1`.
    fn unit(&mut self) -> f64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, rate: f64) -> Duration {
        Duration::from_secs_f64(-(1.0 - self.unit()).ln() / rate)
    }
}

fn quantile(sorted: &[Duration], share: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

fn codel(target: u64, interval: u64) -> Queue {
    let codel = Codel { target: Span::millis(target), interval: Span::millis(interval) };
    Queue { codel: Setting::On(codel), limit: 1_000_000, ..Queue::default() }
}

/// I20.
#[test]
fn codel_keeps_an_overloaded_pool_busy_and_its_queue_short() {
    for (target, p50, p99) in [(5, 10, 60), (20, 40, 60)] {
        let report = Simulation::run(Case::new(codel(target, 100), |_| 1.5 * CAPACITY, 30 * S));
        let waits = report.waits(1, 30);
        let (median, tail) = (quantile(&waits, 0.5), quantile(&waits, 0.99));
        assert!(report.throughput(1, 30) >= 0.99 * CAPACITY, "{}/s", report.throughput(1, 30));
        assert!(median <= p50 * MS, "{median:?}");
        assert!(tail <= p99 * MS, "{tail:?}");
        assert!(waits.last().is_some_and(|longest| *longest <= 100 * MS), "{:?}", waits.last());
    }
    let plain = Case::new(Queue { limit: 1_000_000, ..Queue::default() }, |_| 1.5 * CAPACITY, 30 * S);
    let plain = quantile(&Simulation::run(plain).waits(1, 30), 0.5);
    assert!(plain > 4 * S, "without it half of them wait {plain:?}");
}

/// I20.
#[test]
fn codel_sheds_nobody_below_capacity() {
    let report = Simulation::run(Case::new(codel(5, 100), |_| 1_500.0, 30 * S));
    assert_eq!((report.refused.len(), report.started.len() > 44_000), (0, true));
}

/// I21.
#[test]
fn a_burst_that_drains_is_a_good_queue() {
    let burst = |now: Duration| if now.as_millis() % 2_000 < 150 { 2.0 * CAPACITY } else { 200.0 };
    let report = Simulation::run(Case::new(codel(5, 100), burst, 30 * S));
    assert!(report.longest_queue > 150, "there were bursts: {}", report.longest_queue);
    for second in (0..30).step_by(2) {
        let sheds = report.refused.iter().map(|(at, _)| *at).filter(|at| at.as_secs() / 2 * 2 == second);
        let (first, last) = sheds.fold((Duration::MAX, Duration::ZERO), |(a, b), at| (a.min(at), b.max(at)));
        let spell = last.saturating_sub(first);
        assert!(spell < 100 * MS, "the burst at {second} s was shed for {spell:?}");
    }
    let next = report.refused.iter().filter(|(at, _)| at.as_millis() % 2_000 > 400);
    assert_eq!(next.count(), 0, "it was over when the burst was");
}

/// The retry storm of resilience.md 6: 600 calls a second, a timeout of 1 s, 3 retries at once, and a callee that takes
/// 5 s for 3 s. Detached workers, callers without limit.
fn storm(queue: Queue, deadline: Deadline, propagate: bool, until: Duration) -> Report {
    let mut case = stalled(queue, |_| 600.0, until);
    case.server.deadline = deadline;
    case.propagate = propagate;
    Simulation::run(case)
}

fn stalled(queue: Queue, rate: fn(Duration) -> f64, until: Duration) -> Case {
    let mut case = Case::new(queue, rate, until);
    (case.patience, case.retries) = (Some(S), 3);
    case.service = |now| if (5 * S..8 * S).contains(&now) { 5 * S } else { 100 * MS };
    case
}

fn long(order: Order) -> Queue {
    Queue { order, limit: 1_000_000, ..Queue::default() }
}

fn deadline(enforce: Enforce, floor: Setting<Span>, expected: Switch) -> Deadline {
    Deadline { enforce, floor, expected }
}

fn recovers(report: &Report, from: u64, to: u64) -> bool {
    let goodput = report.goodput(from, to);
    assert!(!(30.0..=570.0).contains(&goodput), "neither: {goodput}/s");
    goodput > 570.0
}

/// resilience.md 0.1: what all attempts come to decides, and not what users do. 450 x 4 are less than 2,000, 520 x 4 more.
#[test]
fn a_shop_with_room_for_all_attempts_comes_back_by_itself_and_one_without_never_does() {
    let after = |rate| Simulation::run(stalled(long(Order::Fifo), rate, 100 * S)).goodput(90, 100);
    let (room, none) = (after(|_| 450.0), after(|_| 520.0));
    assert!(room > 0.95 * 450.0, "{room}/s");
    assert!(none < 0.05 * 520.0, "{none}/s");
}

/// resilience.md 0.5: users come whether they are answered or not, so waiting only moves the attempts.
#[test]
fn backoff_with_full_jitter_does_not_end_a_storm() {
    let mut case = stalled(long(Order::Fifo), |_| 600.0, 60 * S);
    case.backoff = 200 * MS;
    let report = Simulation::run(case);
    assert!(!recovers(&report, 50, 60), "{}/s", report.goodput(50, 60));
}

/// I19: (2C - rate) x timeout = 3,400 places.
#[test]
fn a_storm_lives_in_a_queue_that_is_long_enough_and_in_no_shorter_one() {
    let within = |limit| {
        let queue = Queue { limit, ..Queue::default() };
        let report = storm(queue, Deadline::default(), false, 45 * S);
        assert_eq!(report.longest_queue, limit as usize, "the storm filled it");
        recovers(&report, 35, 45)
    };
    assert!(within(200));
    assert!(within(3_000));
    assert!(!within(4_096));
}

/// resilience.md 0.4: the trap, and what it takes.
#[test]
fn dropping_what_has_expired_is_not_enough_and_dropping_what_cannot_be_done_is() {
    let run = |deadline| storm(long(Order::Fifo), deadline, true, 30 * S);
    let expired = run(deadline(Enforce::Queued, Setting::Off, Switch::Off));
    assert!(!recovers(&expired, 20, 30), "{}/s", expired.goodput(20, 30));
    assert_eq!(expired.begun_late, 0, "and yet no expired item was ever started");
    assert!(expired.throughput(20, 30) > 0.9 * CAPACITY, "the pool was full all the time");
    let floor = run(deadline(Enforce::Queued, Setting::On(Span::millis(120)), Switch::Off));
    assert!(recovers(&floor, 20, 30), "{}/s", floor.goodput(20, 30));
    let learned = run(deadline(Enforce::Queued, Setting::Off, Switch::On));
    assert!(recovers(&learned, 20, 30), "{}/s", learned.goodput(20, 30));
    assert!(learned.shed(Refusal::Deadline(crate::deadline::Late::Expected)) > 0);
}

/// calibration.md 5: without propagation nobody at the callee knows of a deadline.
#[test]
fn a_floor_under_a_deadline_that_nobody_tells_does_nothing() {
    let floor = deadline(Enforce::All, Setting::On(Span::millis(120)), Switch::Off);
    assert!(!recovers(&storm(long(Order::Fifo), floor, false, 30 * S), 20, 30));
}

/// I22, and the rows LIFO and CoDel of the fix table.
#[test]
fn newest_first_and_codel_end_a_storm_that_arrival_order_keeps() {
    let run = |queue| storm(queue, Deadline::default(), false, 30 * S);
    assert!(!recovers(&run(long(Order::Fifo)), 20, 30));
    assert!(recovers(&run(long(Order::Lifo)), 20, 30));
    assert!(recovers(&run(long(Order::AdaptiveLifo)), 20, 30));
    assert!(recovers(&run(codel(5, 100)), 20, 30));
}
