//! The generator against a tiny shop over real sockets: whatever the shop does,
//! the schedule is kept, and users' latencies count from when they came.

#![allow(clippy::unwrap_used, reason = "a test")]

mod shop;

use std::sync::Arc;
use std::time::{Duration, Instant};

use process::{Endpoints, Instance, Timer, monotonic_us};
use prometheus::Registry;
use proto::control::{JourneyRate, Load, Outcome, RequestRecord, Share, Surge};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use traffic::schedule::Schedule;
use traffic::{Engine, pace};

use shop::Shop;

/// A generator that runs against a shop, until it is stopped.
struct Generator {
    engine: Engine,
    registry: Registry,
    load: watch::Sender<Option<Load>>,
    endpoints: watch::Sender<Arc<Endpoints>>,
    stop: CancellationToken,
    over: CancellationToken,
    pacing: JoinHandle<()>,
}

impl Generator {
    fn start() -> Self {
        let registry = Registry::new();
        let engine = Engine::new(&registry).unwrap();
        let (load, load_seen) = watch::channel(None);
        let (endpoints, endpoints_seen) = watch::channel(Arc::default());
        let (stop, over) = (CancellationToken::new(), CancellationToken::new());
        engine.connect(endpoints_seen, over.clone());
        let pacing = tokio::spawn({
            let (engine, stop) = (engine.clone(), stop.clone());
            async move { pace(&engine, &Timer::new().unwrap(), load_seen, &stop).await }
        });
        Self { engine, registry, load, endpoints, stop, over, pacing }
    }

    async fn connect(&self, shop: &Shop) {
        let instance = Instance { name: "frontend-0".to_owned(), address: shop.address() };
        self.endpoints.send_replace(Arc::new(Endpoints::from([("frontend".to_owned(), vec![instance])])));
        eventually("four connections are up", || self.engine.connected() == 4).await;
    }

    fn offer(&self, load: &Load) {
        self.load.send_replace(Some(load.clone()));
    }

    /// Stops, drains, and returns every record, by generation.
    async fn stop(self) -> Vec<(u64, RequestRecord)> {
        self.stop.cancel();
        self.pacing.await.unwrap();
        self.over.cancel();
        assert_eq!(self.engine.in_flight(), 0);
        let batches = self.engine.take_batches();
        batches
            .into_iter()
            .flat_map(|batch| batch.records.into_iter().map(move |record| (batch.generation, record)))
            .collect()
    }
}

async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < limit, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn load(generation: u64, rate: f64, patience: Duration) -> Load {
    Load {
        generation,
        seed: 7,
        journeys: vec![
            JourneyRate { journey: "home".to_owned(), rate_per_second: rate / 4.0 },
            JourneyRate { journey: "checkout".to_owned(), rate_per_second: rate * 3.0 / 4.0 },
        ],
        users: 1_000,
        patience_ms: patience.as_millis() as u64,
        ..Load::default()
    }
}

/// Arrivals of a load that are intended in [from, to), in microseconds.
fn scheduled(load: &Load, from: u64, to: u64) -> usize {
    Schedule::new(load)
        .unwrap()
        .take_while(|arrival| arrival.intended_us < to)
        .filter(|arrival| arrival.intended_us >= from)
        .count()
}

const PATIENT: Duration = Duration::from_secs(5);
const MS: fn(u64) -> Duration = Duration::from_millis;

#[tokio::test]
async fn a_stalled_shop_does_not_slow_the_load_and_its_latency_counts_from_the_intended_time() {
    let shop = Shop::open().await;
    let generator = Generator::start();
    generator.connect(&shop).await;
    let load = load(1, 400.0, PATIENT);
    generator.offer(&load);

    tokio::time::sleep(MS(500)).await;
    shop.stall();
    let stalled_us = monotonic_us();
    tokio::time::sleep(MS(300)).await;
    let resumed_us = monotonic_us();
    shop.resume();
    tokio::time::sleep(MS(500)).await;
    let started_us = generator.engine.statuses().pop().unwrap().started_us;
    let records = generator.stop().await;

    // Everything the schedule says was sent, and recorded once.
    let last = records.iter().map(|(_, record)| record.intended_us).max().unwrap();
    assert!(last > resumed_us - started_us);
    assert_eq!(records.len(), scheduled(&load, 0, last + 1));
    assert!(records.iter().all(|(_, record)| record.outcome() == Outcome::Ok), "everybody is answered");

    // Nobody who came during the stall was held back, and each waited for the rest of it.
    let stall = (stalled_us - started_us)..(resumed_us - started_us);
    let caught: Vec<&RequestRecord> = records
        .iter()
        .map(|(_, record)| record)
        .filter(|record| stall.contains(&record.intended_us))
        .collect();
    assert!(caught.len() > 80, "{} came during the stall", caught.len());
    assert_eq!(caught.len(), scheduled(&load, stall.start, stall.end));
    for record in caught {
        let rest = stall.end - record.intended_us;
        assert!(u64::from(record.latency_us) >= rest, "{record:?} waited less than {rest} us");
        assert!(record.lateness_us < 250_000, "{record:?} was sent when the stall was over");
    }
}

#[tokio::test]
async fn users_leave_when_their_patience_ends_and_the_shop_is_told() {
    let shop = Shop::open().await;
    let generator = Generator::start();
    generator.connect(&shop).await;
    shop.stall();
    generator.offer(&load(1, 1_000.0, MS(400)));
    tokio::time::sleep(MS(1_000)).await;
    assert!(generator.engine.in_flight() < 700, "{} in flight", generator.engine.in_flight());
    let left = shop.abandoned();
    assert!(left > 300, "the shop saw {left} leave");
    // Mass departure broke no connection.
    assert_eq!(generator.engine.connected(), 4);
    shop.resume();
    let records = generator.stop().await;
    let gone: Vec<_> = records.iter().filter(|(_, record)| record.outcome() == Outcome::GaveUp).collect();
    assert!(gone.len() > 300);
    assert!(gone.iter().all(|(_, record)| record.latency_us >= 400_000), "nobody leaves early");
    assert!(records.iter().all(|(_, record)| record.outcome() != Outcome::Connection));
}

#[tokio::test]
async fn a_new_load_ends_the_old_one_at_once_and_keeps_its_requests() {
    let shop = Shop::open().await;
    let generator = Generator::start();
    generator.connect(&shop).await;
    shop.stall();
    generator.offer(&load(1, 400.0, PATIENT));
    tokio::time::sleep(MS(200)).await;
    generator.offer(&load(2, 400.0, PATIENT));
    tokio::time::sleep(MS(200)).await;
    // Told again by a controller that came back: the same load goes on.
    generator.offer(&load(2, 400.0, PATIENT));
    shop.resume();
    tokio::time::sleep(MS(100)).await;
    let statuses = generator.engine.statuses();
    assert_eq!(statuses.iter().map(|status| status.generation).collect::<Vec<_>>(), [1, 2]);
    let records = generator.stop().await;
    for generation in [1, 2] {
        let mut own: Vec<(u32, u64)> = records
            .iter()
            .filter(|(of, _)| *of == generation)
            .map(|(_, record)| (record.journey, record.index))
            .collect();
        let count = own.len();
        own.sort_unstable();
        own.dedup();
        assert_eq!(own.len(), count, "each arrival of load {generation} is recorded once");
        assert!(count > 30, "{count} records of load {generation}");
    }
    assert!(records.iter().all(|(_, record)| record.outcome() == Outcome::Ok));
}

#[tokio::test]
async fn a_surge_is_cut_short_under_the_same_load_and_no_number_is_left_out() {
    let shop = Shop::open().await;
    let generator = Generator::start();
    generator.connect(&shop).await;
    let surge = |for_us| Surge { from_us: 0, over_us: 0, for_us, factor: 10.0 };
    let surging = |for_us| Load { surges: vec![surge(for_us)], ..load(1, 100.0, PATIENT) };
    generator.offer(&surging(60_000_000));
    tokio::time::sleep(MS(300)).await;
    generator.offer(&surging(500_000));
    tokio::time::sleep(MS(1_200)).await;
    let records = generator.stop().await;
    assert!(records.iter().all(|(generation, _)| *generation == 1));
    let last = records.iter().map(|(_, record)| record.intended_us).max().unwrap();
    assert_eq!(records.len(), scheduled(&surging(500_000), 0, last + 1));
    for journey in [0, 4] {
        let mut numbers: Vec<u64> = records
            .iter()
            .map(|(_, record)| record)
            .filter(|r| r.journey == journey)
            .map(|r| r.index)
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>(), "journey {journey}");
    }
}

/// A second generator comes in the middle, and later the first one goes: together they send what one alone would have.
#[tokio::test]
async fn generators_that_share_a_load_leave_nothing_out_and_send_nothing_twice() {
    let shop = Shop::open().await;
    let (first, second) = (Generator::start(), Generator::start());
    first.connect(&shop).await;
    second.connect(&shop).await;
    let share = |from_us, remainder, of| Share { from_us, remainder, of };
    let whole = Load { started_us: monotonic_us(), ..load(1, 400.0, PATIENT) };
    let shared = |shares: &[Share]| Load { shares: shares.to_vec(), ..whole.clone() };
    first.offer(&shared(&[share(0, 0, 1)]));
    tokio::time::sleep(MS(150)).await;
    first.offer(&shared(&[share(0, 0, 1), share(400_000, 0, 2)]));
    second.offer(&shared(&[share(0, 0, 0), share(400_000, 1, 2)]));
    tokio::time::sleep(MS(450)).await;
    first.offer(&shared(&[share(0, 0, 1), share(400_000, 0, 2), share(900_000, 0, 0)]));
    second.offer(&shared(&[share(0, 0, 0), share(400_000, 1, 2), share(900_000, 0, 1)]));
    tokio::time::sleep(MS(650)).await;
    let times = |records: Vec<(u64, RequestRecord)>| -> Vec<u64> {
        records.iter().map(|(_, record)| record.intended_us).collect()
    };
    let (first, second) = (times(first.stop().await), times(second.stop().await));
    assert!(first.iter().all(|us| *us < 900_000) && first.iter().any(|us| *us > 800_000));
    assert!(second.iter().all(|us| *us >= 400_000) && second.iter().any(|us| *us > 1_000_000));
    let mut both = [first, second].concat();
    both.sort_unstable();
    let alone = Schedule::new(&whole).unwrap().map(|arrival| arrival.intended_us);
    assert_eq!(both, alone.take(both.len()).collect::<Vec<_>>());
}

#[tokio::test]
async fn without_a_shop_requests_fail_at_once_and_recover_when_it_opens() {
    let generator = Generator::start();
    generator.offer(&load(1, 400.0, PATIENT));
    tokio::time::sleep(MS(200)).await;
    let shop = Shop::open().await;
    generator.connect(&shop).await;
    tokio::time::sleep(MS(300)).await;
    let metrics = prometheus::TextEncoder::new().encode_to_string(&generator.registry.gather()).unwrap();
    assert!(metrics.contains("lab_user_requests_total{journey=\"checkout\",outcome=\"connection\"}"));
    let records = generator.stop().await;
    let failed: Vec<_> =
        records.iter().filter(|(_, record)| record.outcome() == Outcome::Connection).collect();
    assert!(failed.len() > 30);
    assert!(failed.iter().all(|(_, record)| record.latency_us - record.lateness_us < 50_000));
    let last_failure = failed.iter().map(|(_, record)| record.intended_us).max().unwrap();
    let served = records.iter().filter(|(_, record)| record.outcome() == Outcome::Ok);
    assert!(served.clone().count() > 30);
    assert!(served.clone().all(|(_, record)| record.intended_us > last_failure));
}

#[tokio::test]
async fn a_shop_that_crashes_is_reconnected_to() {
    let shop = Shop::open().await;
    let generator = Generator::start();
    generator.connect(&shop).await;
    shop.stall();
    generator.offer(&load(1, 200.0, PATIENT));
    tokio::time::sleep(MS(200)).await;
    drop(shop);
    eventually("the connections are lost", || generator.engine.connected() == 0).await;
    let shop = Shop::open().await;
    generator.connect(&shop).await;
    tokio::time::sleep(MS(200)).await;
    let records = generator.stop().await;
    let count = |outcome| records.iter().filter(|(_, record)| record.outcome() == outcome).count();
    assert!(count(Outcome::Connection) > 20, "those in flight broke off");
    assert!(count(Outcome::Ok) > 20);
    assert_eq!(count(Outcome::Connection) + count(Outcome::Ok), records.len());
}
