//! The invariants I16 and I17: whatever happens in whatever order, no limit is passed and nothing gets lost.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::tests::server;
use super::*;
use crate::deadline::Late;
use crate::policy::{Server, Setting, Span};

const T0: Duration = Duration::ZERO;

/// I16: 10,000 calls from 8 threads, a third of which leave while they wait.
#[test]
fn never_more_than_its_workers_run_whoever_asks() {
    const WORKERS: u32 = 20;
    let pool = Mutex::new(Pool::new(&server(WORKERS, 1_000_000, &[("a", 7)])));
    let ready = Mutex::new(Vec::<Start<u32>>::new());
    let (running, peak, ended) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    let begin = |starts: Vec<Start<u32>>| {
        let now = running.fetch_add(starts.len() as u32, Ordering::SeqCst) + starts.len() as u32;
        peak.fetch_max(now, Ordering::SeqCst);
        ready.lock().unwrap().extend(starts);
    };
    std::thread::scope(|scope| {
        for thread in 0..8u32 {
            let (pool, begin, ended, running, ready) = (&pool, &begin, &ended, &running, &ready);
            scope.spawn(move || {
                for call in 0..1_250u32 {
                    let class = if (call + thread).is_multiple_of(2) { "a" } else { "b" };
                    // One lock from the decision to the count, as in a process with one thread.
                    let mut held = pool.lock().unwrap();
                    match held.offer(T0, call, class, Priority::Normal, None) {
                        Offer::Start(start) => begin(vec![start]),
                        Offer::Queued(ticket) if call.is_multiple_of(3) => {
                            ended.fetch_add(u32::from(held.take(ticket).is_some()), Ordering::SeqCst);
                        }
                        Offer::Queued(_) => {}
                        Offer::Refused(_) => panic!("the queue has no end here"),
                    }
                    drop(held);
                    // Slower than the offers, so that the workers are all taken.
                    let done = call.is_multiple_of(4).then(|| ready.lock().unwrap().pop()).flatten();
                    if let Some(done) = done {
                        let mut held = pool.lock().unwrap();
                        running.fetch_sub(1, Ordering::SeqCst);
                        ended.fetch_add(1, Ordering::SeqCst);
                        let starts = held.finish(T0, &done.class).starts;
                        begin(starts);
                    }
                }
            });
        }
    });
    loop {
        let Some(done) = ready.lock().unwrap().pop() else {
            break;
        };
        running.fetch_sub(1, Ordering::SeqCst);
        ended.fetch_add(1, Ordering::SeqCst);
        begin(pool.lock().unwrap().finish(T0, &done.class).starts);
    }
    let pool = pool.into_inner().unwrap();
    assert_eq!(ended.into_inner(), 10_000, "every call has one end");
    assert_eq!(peak.into_inner(), WORKERS);
    assert_eq!((pool.busy(), pool.queued(), running.into_inner()), (0, 0, 0));
}

#[derive(Clone, Debug)]
enum Event {
    Offer {
        class: u8,
        background: bool,
        /// Milliseconds that its work may take.
        patience: Option<u64>,
    },
    /// Ends one of the running items.
    Finish(prop::sample::Index),
    /// The caller of one of the waiting items leaves.
    Leave(prop::sample::Index),
    Resize {
        workers: u32,
        limit: u32,
        bulkhead: u32,
        order: u8,
        codel: bool,
    },
    Limit(Option<u32>),
    Pass {
        millis: u64,
    },
}

fn event() -> impl Strategy<Value = Event> {
    let patience = prop::option::of(1u64..400);
    prop_oneof![
        6 => (0u8..3, any::<bool>(), patience)
            .prop_map(|(class, background, patience)| Event::Offer { class, background, patience }),
        4 => any::<prop::sample::Index>().prop_map(Event::Finish),
        2 => any::<prop::sample::Index>().prop_map(Event::Leave),
        1 => (1u32..8, 0u32..8, 1u32..5, 0u8..3, any::<bool>())
            .prop_map(|(workers, limit, bulkhead, order, codel)| Event::Resize { workers, limit, bulkhead, order, codel }),
        1 => prop::option::of(0u32..6).prop_map(Event::Limit),
        2 => (1u64..200).prop_map(|millis| Event::Pass { millis }),
    ]
}

/// One waiting item, as the test knows it.
struct Waits {
    ticket: Ticket,
    class: &'static str,
    background: bool,
    since: Duration,
    due: Option<Duration>,
}

const CLASSES: [&str; 3] = ["a", "b", "c"];
const ORDERS: [Order; 3] = [Order::Fifo, Order::Lifo, Order::AdaptiveLifo];
const WAIT: Duration = Duration::from_millis(300);

fn policy(server: Server, order: Order, codel: bool) -> Server {
    let codel = if codel { Setting::On(Codel::default()) } else { Setting::Off };
    let queue = Queue { order, codel, wait: Setting::On(Span(WAIT)), ..server.queue };
    Server { queue, ..server }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// I16, I17 and I22 at every event: nothing starts above a limit or past its deadline, nothing that could start
    /// waits, each starts in the order that the policy says, and nothing gets lost.
    #[test]
    fn limits_hold_and_nothing_is_lost_at_any_event(events in prop::collection::vec(event(), 1..300)) {
        let mut policy_now = policy(server(4, 4, &[("a", 2)]), Order::Fifo, false);
        let mut pool = Pool::new(&policy_now);
        let mut now = Duration::ZERO;
        let mut running: Vec<Start<u32>> = Vec::new();
        let mut waiting: BTreeMap<u32, Waits> = BTreeMap::new();
        for (item, event) in events.into_iter().enumerate() {
            let item = item as u32;
            let before = pool.busy();
            let mut turn = Turn::default();
            let mut offered = None;
            match event {
                Event::Offer { class, background, patience } => {
                    let class = CLASSES[usize::from(class)];
                    let due = patience.map(|millis| now + Duration::from_millis(millis));
                    let priority = if background { Priority::Background } else { Priority::Normal };
                    let normal_before = pool.queued_with(Priority::Normal);
                    match pool.offer(now, item, class, priority, due) {
                        Offer::Start(start) => {
                            offered = Some(item);
                            turn.starts.push(start);
                        }
                        Offer::Queued(ticket) => {
                            prop_assert!(normal_before < policy_now.queue.limit as usize);
                            waiting.insert(item, Waits { ticket, class, background, since: now, due });
                        }
                        Offer::Refused(refused) => {
                            prop_assert_eq!(refused.why, Refusal::Full);
                            prop_assert!(pool.queued() >= policy_now.queue.limit as usize);
                        }
                    }
                }
                Event::Finish(index) if !running.is_empty() => {
                    let done = running.swap_remove(index.index(running.len()));
                    turn = pool.finish(now, &done.class);
                    prop_assert!(pool.busy() <= before.max(pool.slots()));
                }
                Event::Leave(index) if !waiting.is_empty() => {
                    let item = *waiting.keys().nth(index.index(waiting.len())).unwrap();
                    let left = waiting.remove(&item).unwrap();
                    prop_assert_eq!(pool.take(left.ticket), Some(item));
                }
                Event::Resize { workers, limit, bulkhead, order, codel } => {
                    policy_now = policy(server(workers, limit, &[("b", bulkhead)]), ORDERS[usize::from(order)], codel);
                    turn = pool.configure(now, &policy_now);
                }
                Event::Limit(limit) => turn = pool.set_concurrency(now, limit),
                Event::Pass { millis } => now += Duration::from_millis(millis),
                Event::Finish(_) | Event::Leave(_) => {}
            }
            for refused in turn.refused.drain(..).chain(pool.drop_expired(now)) {
                let Some(gone) = waiting.remove(&refused.item) else {
                    return Err(TestCaseError::fail(format!("{} did not wait", refused.item)));
                };
                prop_assert_eq!(refused.waited, now - gone.since);
                match refused.why {
                    Refusal::Wait => prop_assert!(refused.waited >= WAIT),
                    Refusal::Codel => {
                        prop_assert!(policy_now.queue.codel.on().is_some() && !gone.background);
                        prop_assert!(refused.waited > Codel::default().patience());
                    }
                    Refusal::Deadline(late) => {
                        prop_assert_eq!(late, Late::Passed);
                        prop_assert!(gone.due.is_some_and(|due| due <= now));
                    }
                    Refusal::Full => return Err(TestCaseError::fail("it had a place")),
                }
            }
            let starts = !turn.starts.is_empty();
            for start in turn.starts {
                prop_assert!(start.waited < WAIT);
                if offered != Some(start.item) {
                    let Some(began) = waiting.remove(&start.item) else {
                        return Err(TestCaseError::fail(format!("{} did not wait", start.item)));
                    };
                    prop_assert!(began.due.is_none_or(|due| due > now), "it began past its deadline");
                    let rivals = waiting.iter().filter(|(_, other)| {
                        // A class that is full since may have been so when this one started.
                        !other.background
                            && !began.background
                            && policy_now.bulkheads.get(other.class).is_none_or(|limit| pool.busy_with(other.class) < *limit)
                            && other.due.is_none_or(|due| due > now)
                    });
                    let rivals: Vec<u32> = rivals.map(|(item, _)| *item).collect();
                    match policy_now.queue.order {
                        Order::Fifo => prop_assert!(rivals.iter().all(|other| *other > start.item)),
                        Order::Lifo => prop_assert!(rivals.iter().all(|other| *other < start.item)),
                        Order::AdaptiveLifo => {}
                    }
                }
                running.push(start);
            }
            prop_assert_eq!(pool.busy() as usize, running.len());
            prop_assert_eq!(pool.queued(), waiting.len());
            prop_assert!(!starts || pool.busy() <= pool.slots());
            for class in CLASSES {
                let busy = running.iter().filter(|start| &*start.class == class).count() as u32;
                prop_assert_eq!(pool.busy_with(class), busy);
                let room = policy_now.bulkheads.get(class).is_none_or(|limit| busy < *limit);
                let idle = pool.busy() < pool.slots() && room;
                prop_assert!(!idle || waiting.values().all(|of| of.class != class), "{} waits for nothing", class);
            }
        }
        while let Some(done) = running.pop() {
            let turn = pool.finish(now, &done.class);
            turn.refused.iter().for_each(|refused| _ = waiting.remove(&refused.item));
            for start in turn.starts {
                waiting.remove(&start.item);
                running.push(start);
            }
        }
        prop_assert!(waiting.is_empty());
        prop_assert_eq!((pool.busy(), pool.queued()), (0, 0));
    }
}
