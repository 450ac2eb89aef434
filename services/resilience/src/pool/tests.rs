//! Order, bulkheads, priorities, shedding and lateness, one case each.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::deadline::{Deadline, Enforce, Late};
use crate::policy::{Server, Setting, Span, Switch};

const T0: Duration = Duration::ZERO;

pub(super) fn server(workers: u32, limit: u32, bulkheads: &[(&str, u32)]) -> Server {
    let bulkheads =
        bulkheads.iter().map(|(name, limit)| ((*name).to_owned(), *limit)).collect::<BTreeMap<_, _>>();
    Server { workers, queue: Queue { limit, ..Queue::default() }, bulkheads, ..Server::default() }
}

/// The same with another queue.
fn with(server: Server, queue: impl FnOnce(&mut Queue)) -> Server {
    let mut server = server;
    queue(&mut server.queue);
    server
}

fn wait(span: Span) -> impl FnOnce(&mut Queue) {
    move |queue| queue.wait = Setting::On(span)
}

fn full<T: std::fmt::Debug>(offer: Offer<T>) -> T {
    match offer {
        Offer::Refused(Refused { item, why: Refusal::Full, .. }) => item,
        other => panic!("{other:?} found a place"),
    }
}

/// Offers normal work; true = it started.
fn offer(pool: &mut Pool<u32>, item: u32, class: &str) -> bool {
    matches!(pool.offer(T0, item, class, Priority::Normal, None), Offer::Start(_))
}

fn ticket(offer: Offer<u32>) -> Ticket {
    match offer {
        Offer::Queued(ticket) => ticket,
        other => panic!("{other:?} is not queued"),
    }
}

fn items(turn: Turn<u32>) -> Vec<u32> {
    turn.starts.into_iter().map(|start| start.item).collect()
}

#[test]
fn work_waits_in_order_and_the_queue_has_an_end() {
    let mut pool = Pool::new(&server(1, 2, &[]));
    assert!(offer(&mut pool, 0, "a"));
    assert!(!offer(&mut pool, 1, "b") && !offer(&mut pool, 2, "a"));
    assert_eq!(full(pool.offer(T0, 3, "a", Priority::Normal, None)), 3);
    assert_eq!((pool.busy(), pool.queued(), pool.queue_limit(), pool.workers()), (1, 2, 2, 1));
    let start = pool.finish(Duration::from_secs(1), "a").starts.remove(0);
    assert_eq!((start.item, &*start.class, start.waited), (1, "b", Duration::from_secs(1)));
    assert_eq!(items(pool.finish(T0, "b")), [2]);
    assert!(pool.finish(T0, "a").starts.is_empty());
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
    ticket(pool.offer(T0, 100, "a", Priority::Background, None));
    ticket(pool.offer(T0, 101, "b", Priority::Background, None));
    assert_eq!(full(pool.offer(T0, 102, "b", Priority::Background, None)), 102);
    assert!(
        !offer(&mut pool, 1, "a") && !offer(&mut pool, 2, "b"),
        "background takes no normal item's place"
    );
    assert_eq!(full(pool.offer(T0, 3, "a", Priority::Normal, None)), 3);
    let order: Vec<u32> =
        ["a", "a", "b", "a"].iter().flat_map(|class| items(pool.finish(T0, class))).collect();
    assert_eq!(order, [1, 2, 100, 101]);
    assert!(pool.finish(T0, "b").starts.is_empty());
    assert_eq!(pool.busy(), 0);
}

#[test]
fn work_that_waited_too_long_is_never_started() {
    let mut pool = Pool::new(&with(server(1, 10, &[]), wait(Span::seconds(1))));
    assert!(offer(&mut pool, 0, "a"));
    assert!(!offer(&mut pool, 1, "a"));
    let half = Duration::from_millis(500);
    ticket(pool.offer(half, 2, "b", Priority::Normal, None));
    assert_eq!(pool.next_expiry(), Some(Duration::from_secs(1)));
    let turn = pool.finish(Duration::from_secs(1), "a");
    let late: Vec<_> = turn.refused.iter().map(|refused| (refused.item, refused.why)).collect();
    assert_eq!(late, [(1, Refusal::Wait)]);
    assert_eq!(items(turn), [2]);
    ticket(pool.offer(half, 3, "b", Priority::Normal, None));
    let late = pool.drop_expired(Duration::from_millis(1_500));
    assert_eq!((late.len(), late[0].item, late[0].waited), (1, 3, Duration::from_secs(1)));
    assert_eq!(pool.next_expiry(), None);
}

#[test]
fn work_of_a_caller_that_left_can_be_taken_out_and_leaves_nothing_behind() {
    let mut pool = Pool::new(&server(1, 10, &[]));
    assert!(offer(&mut pool, 0, "a"));
    let first = ticket(pool.offer(T0, 1, "a", Priority::Normal, None));
    let second = ticket(pool.offer(T0, 2, "a", Priority::Normal, None));
    assert_eq!(pool.take(first), Some(1));
    assert_eq!(pool.take(first), None);
    assert_eq!(pool.queued(), 1);
    assert_eq!(items(pool.finish(T0, "a")), [2]);
    assert_eq!(pool.take(second), None, "it runs");

    // A stuck worker, and callers that keep leaving behind one that stays.
    ticket(pool.offer(T0, 3, "a", Priority::Normal, None));
    for item in 0..100_000 {
        let leaving = ticket(pool.offer(T0, item, "a", Priority::Normal, None));
        pool.take(leaving);
    }
    assert!(pool.places() < 100, "{}", pool.places());
}

/// I17.
#[test]
fn a_shrunk_pool_starts_nothing_until_it_fits_and_a_grown_one_starts_at_once() {
    let mut pool = Pool::new(&server(200, 1_000, &[]));
    assert_eq!((0..500).filter(|item| offer(&mut pool, *item, "a")).count(), 200);
    assert!(pool.configure(T0, &server(50, 1_000, &[])).starts.is_empty());
    for left in (50..200).rev() {
        assert!(pool.finish(T0, "a").starts.is_empty(), "{left} still run");
    }
    assert_eq!((pool.busy(), pool.finish(T0, "a").starts.len(), pool.busy()), (50, 1, 50));
    assert_eq!(pool.configure(T0, &server(120, 1_000, &[])).starts.len(), 70);
    assert_eq!(pool.configure(T0, &server(120, 1_000, &[("a", 10)])).starts.len(), 0);
    assert_eq!(pool.configure(T0, &server(1_000, 1_000, &[])).starts.len(), 300 - 1 - 70);
}

#[test]
fn a_shorter_queue_keeps_who_is_in_it_and_admits_nobody() {
    let mut pool = Pool::new(&server(1, 100, &[]));
    (0..50).for_each(|item| _ = offer(&mut pool, item, "a"));
    let _ = pool.configure(T0, &server(1, 10, &[]));
    assert_eq!(pool.queued(), 49);
    assert_eq!(full(pool.offer(T0, 99, "a", Priority::Normal, None)), 99);
}

fn queue(workers: u32, queue: Queue) -> Server {
    Server { workers, queue, ..Server::default() }
}

/// The only worker gets busy with item 0.
fn stuck(server: &Server) -> Pool<u32> {
    let mut pool = Pool::new(server);
    assert!(offer(&mut pool, 0, "a"));
    pool
}

fn refused(turn: &Turn<u32>) -> Vec<(u32, Refusal)> {
    turn.refused.iter().map(|refused| (refused.item, refused.why)).collect()
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn the_newest_first_over_all_classes_with_room_and_the_old_ones_keep() {
    let lifo = Queue { order: Order::Lifo, ..Queue::default() };
    let mut pool = stuck(&Server { bulkheads: BTreeMap::from([("b".into(), 1)]), ..queue(1, lifo) });
    for (item, class) in [(1, "a"), (2, "b"), (3, "a"), (4, "b")] {
        offer(&mut pool, item, class);
    }
    ticket(pool.offer(T0, 9, "a", Priority::Background, None));
    let two = Server { bulkheads: BTreeMap::from([("b".into(), 1)]), ..queue(2, lifo) };
    assert_eq!(items(pool.configure(T0, &two)), [4]);
    assert_eq!(items(pool.finish(T0, "a")), [3], "b is at its bulkhead");
    assert_eq!(items(pool.finish(T0, "a")), [1]);
    assert_eq!(items(pool.finish(T0, "b")), [2]);
    assert_eq!(items(pool.finish(T0, "a")), [9], "background waits for the last of them");
}

#[test]
fn another_order_keeps_who_waits() {
    let mut pool = stuck(&queue(1, Queue::default()));
    (1..=4).for_each(|item| _ = offer(&mut pool, item, "a"));
    assert_eq!(items(pool.finish(T0, "a")), [1]);
    assert!(
        pool.configure(T0, &queue(1, Queue { order: Order::Lifo, ..Queue::default() })).starts.is_empty()
    );
    assert_eq!(items(pool.finish(T0, "a")), [4]);
    let _ = pool.configure(T0, &queue(1, Queue::default()));
    assert_eq!(items(pool.finish(T0, "a")), [2]);
    assert_eq!(items(pool.finish(T0, "a")), [3]);
}

/// Offers one item each millisecond and finishes one each `every` milliseconds; what started, in order.
fn overloaded(pool: &mut Pool<u32>, every: u32, until: u32) -> (Vec<u32>, Vec<(u32, Refusal)>) {
    let (mut started, mut dropped) = (Vec::new(), Vec::new());
    for ms in 1..until {
        let now = ms * MS;
        if let Offer::Start(start) = pool.offer(now, ms, "a", Priority::Normal, None) {
            started.push(start.item);
        }
        if ms % every == 0 && pool.busy() > 0 {
            let turn = pool.finish(now, "a");
            dropped.extend(refused(&turn));
            started.extend(items(turn));
        }
    }
    (started, dropped)
}

/// I22.
#[test]
fn adaptive_order_is_by_arrival_until_the_queue_is_overloaded_and_again_after_it() {
    let adaptive = queue(1, Queue { order: Order::AdaptiveLifo, ..Queue::default() });
    let mut pool = stuck(&adaptive);
    let (started, _) = overloaded(&mut pool, 2, 1_000);
    let turned = started.windows(2).position(|pair| pair[1] > pair[0] + 2).unwrap();
    assert!(started[..=turned].is_sorted() && turned > 50, "the first {turned} came in order");
    // From then on whoever starts has just come: at 2 ms each, item n starts at n or n - 1 ms.
    let newest = started[turned + 1..].windows(2).all(|pair| pair[1] == pair[0] + 2);
    assert!(newest, "{:?}", &started[turned..]);
    // Nobody comes any more: the old ones are served from the newest on, and then it is calm.
    let mut now = 1_000 * MS;
    while pool.queued() > 0 {
        now += 2 * MS;
        let _ = pool.finish(now, "a");
    }
    let _ = pool.finish(now, "a");
    let mut fresh = (1..400).map(|ms| pool.offer(now + ms * MS, ms, "a", Priority::Normal, None));
    assert!(matches!(fresh.next(), Some(Offer::Start(_))));
    fresh.for_each(drop);
    assert_eq!(items(pool.finish(now + 400 * MS, "a")), [399], "that was a stuck pool");
}

/// The trap of a signal that the order changes: under newest-first the item that starts has waited no time at all, and
/// a verdict on *its* delay would call the queue calm and go back to the old ones, again and again.
#[test]
fn the_verdict_stands_while_the_old_ones_wait_whoever_starts() {
    let mut pool = stuck(&queue(1, Queue { order: Order::AdaptiveLifo, ..Queue::default() }));
    let (started, _) = overloaded(&mut pool, 2, 3_000);
    let falls = started.windows(2).filter(|pair| pair[1] < pair[0]).count();
    assert_eq!(falls, 0, "it never went back to an old one");
    assert!(started.iter().filter(|item| **item > 500).count() > 1_200);
}

#[test]
fn codel_hands_back_what_it_gives_up_and_never_background_work() {
    let mut pool = stuck(&queue(1, Queue { codel: Setting::On(Codel::default()), ..Queue::default() }));
    let settler = ticket(pool.offer(T0, 7_777, "a", Priority::Background, None));
    let (started, dropped) = overloaded(&mut pool, 2, 1_000);
    assert!(
        dropped.iter().all(|(_, why)| *why == Refusal::Codel) && dropped.len() > 300,
        "{}",
        dropped.len()
    );
    assert!(started.is_sorted());
    assert_eq!(started.len() + dropped.len() + pool.queued_with(Priority::Normal), 999, "each has one end");
    assert_eq!(pool.take(settler), Some(7_777));
}

/// The line of a bulkhead is shed though the workers beside it are free, and nobody else is.
#[test]
fn a_bulkhead_has_a_verdict_of_its_own() {
    let policy = Queue { codel: Setting::On(Codel::default()), ..Queue::default() };
    let mut pool =
        Pool::new(&Server { bulkheads: BTreeMap::from([("Charge".into(), 1)]), ..queue(3, policy) });
    let mut shed = 0;
    for ms in 1..2_000 {
        let now = ms * MS;
        let _ = pool.offer(now, ms, "Charge", Priority::Normal, None);
        let Offer::Start(other) = pool.offer(now, ms, "Lookup", Priority::Normal, None) else {
            panic!("there are two workers for the others")
        };
        shed += pool.finish(now, &other.class).refused.len();
        if ms % 2 == 0 {
            shed += pool.finish(now, "Charge").refused.len();
        }
    }
    assert!(shed > 700, "{shed} of 1000 too many");
    assert!(pool.queued() < 120, "{}", pool.queued());
}

fn deadline(enforce: Enforce, floor: Setting<Span>, expected: Switch) -> Server {
    Server { deadline: Deadline { enforce, floor, expected }, ..queue(1, Queue::default()) }
}

fn due(pool: &mut Pool<u32>, now: Duration, item: u32, due: Duration) -> Offer<u32> {
    pool.offer(now, item, "a", Priority::Normal, Some(due))
}

/// I2, I22.
#[test]
fn what_cannot_be_done_in_time_is_refused_at_its_start_and_never_run() {
    let floor = deadline(Enforce::Queued, Setting::On(Span::millis(120)), Switch::Off);
    for order in [Order::Fifo, Order::Lifo, Order::AdaptiveLifo] {
        let mut pool = stuck(&with(floor.clone(), |queue| queue.order = order));
        for (item, at) in [(1, 100), (2, 219), (3, 220), (4, 50), (5, 130)] {
            ticket(due(&mut pool, T0, item, at * MS));
        }
        let turn = pool.finish(100 * MS, "a");
        let mut late = refused(&turn);
        late.sort_by_key(|(item, _)| *item);
        let [passed, below] = [Late::Passed, Late::Floor].map(Refusal::Deadline);
        assert_eq!(items(turn), [3], "{order:?}");
        match order {
            Order::Fifo | Order::AdaptiveLifo => assert_eq!(late, [(1, passed), (2, below)]),
            Order::Lifo => assert_eq!(late, [(1, passed), (2, below), (4, passed), (5, below)]),
        }
    }
    let mut idle = Pool::new(&floor);
    let Offer::Refused(late) = due(&mut idle, T0, 1, 119 * MS) else { panic!("it started") };
    assert_eq!((late.why.name(), idle.busy()), ("deadline_floor", 0));
    assert!(matches!(due(&mut idle, T0, 1, 120 * MS), Offer::Start(_)));
}

#[test]
fn a_deadline_that_is_not_enforced_refuses_nobody() {
    let mut pool = stuck(&deadline(Enforce::Off, Setting::Off, Switch::Off));
    ticket(due(&mut pool, T0, 1, MS));
    assert_eq!(items(pool.finish(100 * MS, "a")), [1]);
}

#[test]
fn patience_counts_from_the_arrival_under_the_policy_of_now() {
    let patient = |patience| Server { patience, ..queue(1, Queue::default()) };
    let mut pool = stuck(&patient(None));
    ticket(pool.offer(T0, 1, "a", Priority::Normal, None));
    ticket(pool.offer(60 * MS, 2, "a", Priority::Normal, None));
    let _ = pool.configure(90 * MS, &patient(Some(50 * MS)));
    let turn = pool.finish(100 * MS, "a");
    assert_eq!(refused(&turn), [(1, Refusal::Deadline(Late::Passed))]);
    assert_eq!(items(turn), [2]);
}

/// resilience.md 3.6: what shuts everything out must still learn of the recovery.
#[test]
fn an_estimate_of_a_bad_hour_lets_a_probe_through_and_believes_it() {
    let mut pool = Pool::new(&deadline(Enforce::All, Setting::Off, Switch::On));
    (0..32).for_each(|_| pool.learn("a", 30_000 * MS, None));
    let mut first = None;
    for ms in 0..20_000 {
        match due(&mut pool, ms * MS, ms, ms * MS + 250 * MS) {
            Offer::Start(start) => {
                first.get_or_insert(start.item);
                let _ = pool.finish(ms * MS, "a");
            }
            Offer::Refused(late) => assert_eq!(late.why, Refusal::Deadline(Late::Expected)),
            Offer::Queued(_) => panic!("the worker is free"),
        }
    }
    assert_eq!(first, Some(0));
    pool.learn("a", 100 * MS, Some(250 * MS));
    let again = (0..1_000).filter(|_| matches!(due(&mut pool, T0, 1, 250 * MS), Offer::Start(_))).count();
    assert_eq!(again, 1, "the worker, at once");
}

#[test]
fn a_limit_from_outside_holds_back_and_lets_go() {
    let mut pool = Pool::new(&server(10, 100, &[]));
    (0..8).for_each(|item| _ = offer(&mut pool, item, "a"));
    assert!(pool.set_concurrency(T0, Some(3)).starts.is_empty());
    assert_eq!((pool.slots(), pool.workers(), pool.busy()), (3, 10, 8));
    (8..20).for_each(|item| assert!(!offer(&mut pool, item, "a")));
    (0..5).for_each(|_| assert!(pool.finish(T0, "a").starts.is_empty()));
    assert_eq!(items(pool.finish(T0, "a")), [8]);
    assert_eq!(
        pool.configure(T0, &server(20, 100, &[])).starts.len(),
        0,
        "it outlives a change of the policy"
    );
    assert_eq!(pool.set_concurrency(T0, Some(0)).starts.len(), 0, "never less than one");
    assert_eq!((pool.slots(), pool.set_concurrency(T0, None).starts.len()), (1, 11));
}
