//! A load as people bring it: what a checkout costs at the rate of the drill and at a tenth of it, and how much later
//! than the bank's own 100 ms it is answered. Mostly this is the price of waking up: nothing is batched at these rates.

use std::time::Duration;

use serde_json::json;

use crate::bench::Bench;
use crate::figure::{Figure, quantile};
use crate::open::{Generator, Offer};
use crate::proc::Split;
use crate::shop::{Shop, of_lab, told};

const BANK_MS: u32 = 100;
/// Of the shipped drill, and a tenth.
const RATES: [(f64, u64); 2] = [(450.0, 6), (45.0, 8)];
const IDLE: f64 = 3.0;

#[derive(Default)]
struct Found {
    cpu: Vec<f64>,
    generator: Vec<f64>,
    over_p50: Vec<f64>,
    over_p99: Vec<f64>,
    late_p99: Vec<f64>,
    splits: Vec<Split>,
}

pub(super) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let shop = Shop::up(Some(BANK_MS), &["--no-load"])?;
    let before = shop.cpu();
    bench.pause(IDLE)?;
    let idle = shop.cpu().since(&before, IDLE * 1e3);
    bench.figure(
        Figure::new("CPU of an idle lab, all processes", "ms/s", vec![idle.values().sum()])
            .note("heartbeats, leases, a scrape of every process each second"),
    );
    bench.split("idle, us CPU a millisecond", json!(idle));
    let generator = Generator::start(&shop.site.scratch, &shop.frontend())?;
    let mut found = [Found::default(), Found::default()];
    for _ in 0..bench.rounds {
        for ((rate, seconds), found) in RATES.into_iter().zip(&mut found) {
            round(bench, &shop, &generator, (rate, seconds), found)?;
            bench.floor()?;
        }
    }
    for ((rate, _), found) in RATES.into_iter().zip(found) {
        tell(bench, rate, found);
    }
    Ok(())
}

fn round(
    bench: &Bench,
    shop: &Shop,
    generator: &Generator,
    (rate, seconds): (f64, u64),
    found: &mut Found,
) -> anyhow::Result<()> {
    let offer = Offer { journey: "checkout", rate, time: Duration::from_secs(seconds) };
    let (offered, before, after) = generator.offer(offer, &bench.stop, || shop.cpu())?;
    let split = after.since(&before, offered.records.len() as f64);
    let (latencies, bad) = offered.good(|record| record.latency_us);
    anyhow::ensure!(bad == 0, "{bad} of {} checkouts were not paid", offered.records.len());
    let over = |share| quantile(&latencies, share) / 1e3 - f64::from(BANK_MS);
    found.cpu.push(of_lab(&split));
    found.generator.push(offered.cpu_us);
    found.over_p50.push(over(0.5));
    found.over_p99.push(over(0.99));
    found.late_p99.push(quantile(&offered.good(|record| record.lateness_us).0, 0.99) / 1e3);
    found.splits.push(split);
    Ok(())
}

fn tell(bench: &mut Bench, rate: f64, found: Found) {
    let design = |text| if rate > 100.0 { text } else { "" };
    bench.figure(
        Figure::new(format!("CPU of a checkout at {rate}/s, lab"), "us CPU", found.cpu)
            .design(design("627-778 (prototype); target 700, safe 1,000"))
            .note("what an idle lab uses is in it"),
    );
    bench.figure(
        Figure::new(format!("CPU of a request at {rate}/s, generator"), "us CPU", found.generator)
            .design(design("60-75")),
    );
    bench.figure(
        Figure::new(format!("over the bank's 100 ms at {rate}/s, p50"), "ms", found.over_p50)
            .design(design("+0.67 to +0.74 (prototype); target +1, safe +3")),
    );
    bench.figure(
        Figure::new(format!("over the bank's 100 ms at {rate}/s, p99"), "ms", found.over_p99)
            .design(design("+1.06 to +1.31 (prototype); target +3, safe +8")),
    );
    bench.figure(
        Figure::new(format!("sent later than meant at {rate}/s, p99"), "ms", found.late_p99)
            .design(design("2 to 5")),
    );
    if let Some(last) = found.splits.last() {
        bench.note(format!("at {rate}/s by process, us a checkout, last round: {}", told(last, 1.0)));
    }
    bench.split(format!("{rate}/s, us CPU a checkout, by process, each round"), json!(found.splits));
}
