//! The invariants I16 and I17, order, bulkheads, priorities, expiry.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::policy::Server;

const T0: Duration = Duration::ZERO;

fn server(workers: u32, queue_limit: u32, bulkheads: &[(&str, u32)]) -> Server {
    let bulkheads =
        bulkheads.iter().map(|(name, limit)| ((*name).to_owned(), *limit)).collect::<BTreeMap<_, _>>();
    Server { workers, queue_limit, bulkheads, ..Server::default() }
}

/// Offers normal work; true = it started.
fn offer(pool: &mut Pool<u32>, item: u32, class: &str) -> bool {
    matches!(pool.offer(T0, item, class, Priority::Normal), Offer::Start(_))
}

fn ticket(offer: Offer<u32>) -> Ticket {
    match offer {
        Offer::Queued(ticket) => ticket,
        other => panic!("{other:?} is not queued"),
    }
}

fn items(starts: Vec<Start<u32>>) -> Vec<u32> {
    starts.into_iter().map(|start| start.item).collect()
}

#[test]
fn work_waits_in_order_and_the_queue_has_an_end() {
    let mut pool = Pool::new(&server(1, 2, &[]));
    assert!(offer(&mut pool, 0, "a"));
    assert!(!offer(&mut pool, 1, "b") && !offer(&mut pool, 2, "a"));
    assert_eq!(pool.offer(T0, 3, "a", Priority::Normal), Offer::Full(3));
    assert_eq!((pool.busy(), pool.queued(), pool.queue_limit(), pool.workers()), (1, 2, 2, 1));
    let start = pool.finish(Duration::from_secs(1), "a").remove(0);
    assert_eq!((start.item, &*start.class, start.waited), (1, "b", Duration::from_secs(1)));
    assert_eq!(items(pool.finish(T0, "b")), [2]);
    assert!(pool.finish(T0, "a").is_empty());
    assert_eq!(pool.busy(), 0);
}

#[test]
fn those_who_leave_together_are_taken_out_and_the_others_keep_their_order() {
    let mut pool = Pool::new(&server(1, 10, &[]));
    for item in 0..7 {
        offer(&mut pool, item, if item % 3 == 0 { "a" } else { "b" });
    }
    let mut gone = pool.take_all(|item| item % 2 == 1);
    gone.sort_unstable();
    assert_eq!(gone, [1, 3, 5]);
    assert_eq!((pool.queued(), pool.busy()), (3, 1));
    assert_eq!(items(pool.finish(T0, "a")), [2]);
    assert_eq!(items(pool.finish(T0, "b")), [4]);
    assert_eq!(items(pool.finish(T0, "b")), [6]);
    assert!(pool.take_all(|_| true).is_empty(), "what runs is not waiting");
}

#[test]
fn a_class_at_its_bulkhead_is_passed_over_and_blocks_nobody() {
    let mut pool = Pool::new(&server(4, 100, &[("Charge", 3)]));
    assert_eq!((0..5).filter(|item| offer(&mut pool, *item, "Charge")).count(), 3);
    assert!(offer(&mut pool, 10, "GetCharge"), "the fourth worker is kept from Charge");
    assert!(!offer(&mut pool, 11, "GetCharge"));
    assert_eq!(items(pool.finish(T0, "GetCharge")), [11], "though two Charges came before it");
    assert_eq!(items(pool.finish(T0, "Charge")), [3]);
    assert_eq!(pool.busy_with("Charge"), 3);
}

#[test]
fn background_starts_only_when_no_normal_work_can() {
    let mut pool = Pool::new(&server(1, 2, &[]));
    assert!(offer(&mut pool, 0, "a"));
    ticket(pool.offer(T0, 100, "a", Priority::Background));
    ticket(pool.offer(T0, 101, "b", Priority::Background));
    assert_eq!(pool.offer(T0, 102, "b", Priority::Background), Offer::Full(102));
    assert!(
        !offer(&mut pool, 1, "a") && !offer(&mut pool, 2, "b"),
        "background takes no normal item's place"
    );
    assert_eq!(pool.offer(T0, 3, "a", Priority::Normal), Offer::Full(3));
    let order: Vec<u32> =
        ["a", "a", "b", "a"].iter().flat_map(|class| items(pool.finish(T0, class))).collect();
    assert_eq!(order, [1, 2, 100, 101]);
    assert!(pool.finish(T0, "b").is_empty());
    assert_eq!(pool.busy(), 0);
}

#[test]
fn work_that_waited_too_long_is_never_started() {
    let mut pool = Pool::new(&Server { wait: Some(Duration::from_secs(1)), ..server(1, 10, &[]) });
    assert!(offer(&mut pool, 0, "a"));
    assert!(!offer(&mut pool, 1, "a"));
    let half = Duration::from_millis(500);
    ticket(pool.offer(half, 2, "b", Priority::Normal));
    assert_eq!(pool.next_expiry(), Some(Duration::from_secs(1)));
    assert_eq!(items(pool.finish(Duration::from_secs(1), "a")), [2]);
    assert_eq!(pool.next_expiry(), Some(Duration::ZERO), "one was found too late");
    let expired = pool.drop_expired(Duration::from_secs(1));
    assert_eq!(expired.iter().map(|expired| expired.item).collect::<Vec<_>>(), [1]);
    assert_eq!(pool.next_expiry(), None);
}

#[test]
fn work_of_a_caller_that_left_can_be_taken_out_and_leaves_nothing_behind() {
    let mut pool = Pool::new(&server(1, 10, &[]));
    assert!(offer(&mut pool, 0, "a"));
    let first = ticket(pool.offer(T0, 1, "a", Priority::Normal));
    let second = ticket(pool.offer(T0, 2, "a", Priority::Normal));
    assert_eq!(pool.take(first), Some(1));
    assert_eq!(pool.take(first), None);
    assert_eq!(pool.queued(), 1);
    assert_eq!(items(pool.finish(T0, "a")), [2]);
    assert_eq!(pool.take(second), None, "it runs");

    // A stuck worker, and callers that keep leaving behind one that stays.
    ticket(pool.offer(T0, 3, "a", Priority::Normal));
    for item in 0..100_000 {
        let leaving = ticket(pool.offer(T0, item, "a", Priority::Normal));
        pool.take(leaving);
    }
    assert!(pool.places() < 100, "{}", pool.places());
}

/// I17.
#[test]
fn a_shrunk_pool_starts_nothing_until_it_fits_and_a_grown_one_starts_at_once() {
    let mut pool = Pool::new(&server(200, 1_000, &[]));
    assert_eq!((0..500).filter(|item| offer(&mut pool, *item, "a")).count(), 200);
    assert!(pool.configure(T0, &server(50, 1_000, &[])).is_empty());
    for left in (50..200).rev() {
        assert!(pool.finish(T0, "a").is_empty(), "{left} still run");
    }
    assert_eq!((pool.busy(), pool.finish(T0, "a").len(), pool.busy()), (50, 1, 50));
    assert_eq!(pool.configure(T0, &server(120, 1_000, &[])).len(), 70);
    assert_eq!(pool.configure(T0, &server(120, 1_000, &[("a", 10)])).len(), 0);
    assert_eq!(pool.configure(T0, &server(1_000, 1_000, &[])).len(), 300 - 1 - 70);
}

#[test]
fn a_shorter_queue_keeps_who_is_in_it_and_admits_nobody() {
    let mut pool = Pool::new(&server(1, 100, &[]));
    (0..50).for_each(|item| _ = offer(&mut pool, item, "a"));
    pool.configure(T0, &server(1, 10, &[]));
    assert_eq!(pool.queued(), 49);
    assert_eq!(pool.offer(T0, 99, "a", Priority::Normal), Offer::Full(99));
}

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
                    match held.offer(T0, call, class, Priority::Normal) {
                        Offer::Start(start) => begin(vec![start]),
                        Offer::Queued(ticket) if call.is_multiple_of(3) => {
                            ended.fetch_add(u32::from(held.take(ticket).is_some()), Ordering::SeqCst);
                        }
                        Offer::Queued(_) => {}
                        Offer::Full(_) => panic!("the queue has no end here"),
                    }
                    drop(held);
                    // Slower than the offers, so that the workers are all taken.
                    let done = call.is_multiple_of(4).then(|| ready.lock().unwrap().pop()).flatten();
                    if let Some(done) = done {
                        let mut held = pool.lock().unwrap();
                        running.fetch_sub(1, Ordering::SeqCst);
                        ended.fetch_add(1, Ordering::SeqCst);
                        let starts = held.finish(T0, &done.class);
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
        begin(pool.lock().unwrap().finish(T0, &done.class));
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
    },
    /// Ends one of the running items.
    Finish(prop::sample::Index),
    /// The caller of one of the waiting items leaves.
    Leave(prop::sample::Index),
    Resize {
        workers: u32,
        limit: u32,
        bulkhead: u32,
    },
    Pass {
        millis: u64,
    },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0u8..3, any::<bool>()).prop_map(|(class, background)| Event::Offer { class, background }),
        4 => any::<prop::sample::Index>().prop_map(Event::Finish),
        2 => any::<prop::sample::Index>().prop_map(Event::Leave),
        1 => (1u32..8, 0u32..8, 1u32..5)
            .prop_map(|(workers, limit, bulkhead)| Event::Resize { workers, limit, bulkhead }),
        1 => (1u64..400).prop_map(|millis| Event::Pass { millis }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// I16 and I17 at every event: nothing starts above a limit, nothing that could start waits, nothing gets lost.
    #[test]
    fn limits_hold_and_nothing_is_lost_at_any_event(events in prop::collection::vec(event(), 1..300)) {
        const CLASSES: [&str; 3] = ["a", "b", "c"];
        let mut policy = Server { wait: Some(Duration::from_millis(300)), ..server(4, 4, &[("a", 2)]) };
        let mut pool = Pool::new(&policy);
        let mut now = Duration::ZERO;
        let mut running: Vec<Start<u32>> = Vec::new();
        let mut waiting: BTreeMap<u32, (Ticket, &str)> = BTreeMap::new();
        for (item, event) in events.into_iter().enumerate() {
            let item = item as u32;
            let before = pool.busy();
            let mut started = Vec::new();
            match event {
                Event::Offer { class, background } => {
                    let class = CLASSES[usize::from(class)];
                    let priority = if background { Priority::Background } else { Priority::Normal };
                    let normal_before = pool.queued_with(Priority::Normal);
                    match pool.offer(now, item, class, priority) {
                        Offer::Start(start) => started.push(start),
                        Offer::Queued(ticket) => {
                            prop_assert!(normal_before < policy.queue_limit as usize);
                            waiting.insert(item, (ticket, class));
                        }
                        Offer::Full(_) => prop_assert!(pool.queued() >= policy.queue_limit as usize),
                    }
                }
                Event::Finish(index) if !running.is_empty() => {
                    let done = running.swap_remove(index.index(running.len()));
                    started = pool.finish(now, &done.class);
                    prop_assert!(pool.busy() <= before);
                }
                Event::Leave(index) if !waiting.is_empty() => {
                    let item = *waiting.keys().nth(index.index(waiting.len())).unwrap();
                    let (ticket, _) = waiting.remove(&item).unwrap();
                    prop_assert_eq!(pool.take(ticket), Some(item));
                }
                Event::Resize { workers, limit, bulkhead } => {
                    policy = Server { wait: policy.wait, ..server(workers, limit, &[("b", bulkhead)]) };
                    started = pool.configure(now, &policy);
                }
                Event::Pass { millis } => now += Duration::from_millis(millis),
                Event::Finish(_) | Event::Leave(_) => {}
            }
            let starts = !started.is_empty();
            for start in started {
                if start.item != item {
                    prop_assert!(waiting.remove(&start.item).is_some(), "{} did not wait", start.item);
                }
                prop_assert!(start.waited < Duration::from_millis(300));
                running.push(start);
            }
            for expired in pool.drop_expired(now) {
                prop_assert!(waiting.remove(&expired.item).is_some());
                prop_assert!(expired.waited >= Duration::from_millis(300));
            }
            prop_assert_eq!(pool.busy() as usize, running.len());
            prop_assert_eq!(pool.queued(), waiting.len());
            prop_assert!(!starts || pool.busy() <= policy.workers);
            for class in CLASSES {
                let busy = running.iter().filter(|start| &*start.class == class).count() as u32;
                prop_assert_eq!(pool.busy_with(class), busy);
                let room = policy.bulkheads.get(class).is_none_or(|limit| busy < *limit);
                let idle = pool.busy() < policy.workers && room;
                prop_assert!(!idle || waiting.values().all(|(_, of)| *of != class), "{} waits for nothing", class);
            }
        }
        while let Some(done) = running.pop() {
            for start in pool.finish(now, &done.class) {
                waiting.remove(&start.item);
                running.push(start);
            }
        }
        prop_assert!(waiting.is_empty());
        prop_assert_eq!((pool.busy(), pool.queued()), (0, 0));
    }
}
