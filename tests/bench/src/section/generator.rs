//! The lab's generator beside those that others wrote, against a server that does nothing: what a request costs it, how
//! late it is sent, and what each of them tells of a server that stood still for a second.

use std::time::Duration;

use harness::Scratch;
use rustix::process::{Pid, Signal, kill_process};

use crate::bench::Bench;
use crate::child::{Child, Kind};
use crate::figure::{Figure, quantile};
use crate::open::{Generator, Offer};
use crate::tool;

/// Users a second: of the shipped drill, and twice what payment's pool would bear.
const RATES: [u32; 2] = [900, 2_000];
const SECONDS: u64 = 4;
/// The stall: its load, and when it comes.
const STALLED: Duration = Duration::from_secs(6);
const STALL_AT: Duration = Duration::from_millis(2_500);
const STALL: Duration = Duration::from_secs(1);
/// Connections of the others; ours has four, with as many requests on each as it takes.
const CONNECTIONS: u32 = 20;

pub(super) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let scratch = Scratch::new();
    let page = Child::start(Kind::Page)?;
    let generator = Generator::start(&scratch, &page.address)?;
    let url = format!("http://{}/", page.address);
    for missing in ["wrk", "hey"].into_iter().filter(|name| !tool::is_installed(name)) {
        bench.note(format!("{missing} is not installed: its rows are missing"));
    }
    for rate in RATES {
        at(bench, &generator, &url, rate)?;
    }
    full(bench, &url)?;
    stalled(bench, &generator, &page, &url)
}

fn at(bench: &mut Bench, generator: &Generator, url: &str, rate: u32) -> anyhow::Result<()> {
    let (mut own, mut late_p50, mut late_p99, mut reached, mut hey) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let offer = Offer { journey: "home", rate: f64::from(rate), time: Duration::from_secs(SECONDS) };
        let (offered, (), ()) = generator.offer(offer, &bench.stop, || ())?;
        let (late, bad) = offered.good(|record| record.lateness_us);
        anyhow::ensure!(bad == 0, "{bad} pages were wrong");
        own.push(offered.cpu_us);
        late_p50.push(quantile(&late, 0.5));
        late_p99.push(quantile(&late, 0.99));
        reached.push(offered.records.len() as f64 / SECONDS as f64);
        bench.floor()?;
        if let Some((requests, _, cpu_us)) = other(bench, "hey", url, Some(rate), SECONDS)? {
            hey.push(cpu_us / requests);
            bench.floor()?;
        }
    }
    bench.figure(
        Figure::new(format!("generator at {rate}/s, a request"), "us CPU", own)
            .design("32-34 at 2,000/s (prototype)"),
    );
    if !hey.is_empty() {
        bench.figure(
            Figure::new(format!("hey at {rate}/s, a request"), "us CPU", hey).design("28-33 at 2,000/s"),
        );
    }
    bench.figure(
        Figure::new(format!("generator at {rate}/s, reached"), "/s", reached)
            .note("arrivals are drawn: Poisson"),
    );
    bench.figure(Figure::new(format!("generator at {rate}/s, sent late, p50"), "us", late_p50).design("8-9"));
    bench.figure(
        Figure::new(format!("generator at {rate}/s, sent late, p99"), "us", late_p99)
            .design("900-1,400; safe 5,000, target 2,000")
            .note("hey and wrk do not tell"),
    );
    Ok(())
}

/// Closed loops, as fast as they go: what these tools are for.
fn full(bench: &mut Bench, url: &str) -> anyhow::Result<()> {
    for (name, design) in [("wrk", "2.5; 170-179k/s"), ("hey", "15; 51-58k/s")] {
        let (mut cost, mut rate) = (Vec::new(), Vec::new());
        for _ in 0..bench.rounds {
            if let Some((requests, _, cpu_us)) = other(bench, name, url, None, 2)? {
                cost.push(cpu_us / requests);
                rate.push(requests / 2.0);
                bench.floor()?;
            }
        }
        if !cost.is_empty() {
            bench.figure(
                Figure::new(format!("{name} without a rate, a request"), "us CPU", cost).design(design),
            );
            bench.figure(
                Figure::new(format!("{name} without a rate"), "/s", rate)
                    .note("the machine with a trivial server"),
            );
        }
    }
    Ok(())
}

/// By arithmetic, of 6 s at a fixed rate with 1 s of standing still, 1 % waited longer than 940 ms.
fn stalled(bench: &mut Bench, generator: &Generator, page: &Child, url: &str) -> anyhow::Result<()> {
    let rate = RATES[1];
    let stalling = stall(page, Duration::from_secs(1) + STALL_AT);
    let offer = Offer { journey: "home", rate: f64::from(rate), time: STALLED };
    let offered = generator.offer(offer, &bench.stop, || ());
    let _ = stalling.join();
    let (latencies, _) = offered?.0.good(|record| record.latency_us);
    let mut told = vec![("generator", quantile(&latencies, 0.99) / 1e3, "950")];
    for (name, design) in [("hey", "1.1: hidden"), ("wrk", "928: patched after the fact")] {
        let stalling = stall(page, STALL_AT);
        let ran = other(bench, name, url, Some(rate).filter(|_| name == "hey"), STALLED.as_secs());
        let _ = stalling.join();
        told.extend(ran?.map(|(_, p99, _)| (name, p99, design)));
    }
    for (name, p99, design) in told {
        bench.figure(
            Figure::new(
                format!("p99 that {name} tells of a server that stood still for 1 s of 6"),
                "ms",
                vec![p99],
            )
            .design(design)
            .note("940 by arithmetic"),
        );
    }
    Ok(())
}

/// Stops the server for a second, after a while.
fn stall(page: &Child, after: Duration) -> std::thread::JoinHandle<()> {
    let pid = i32::try_from(page.pid()).ok().and_then(Pid::from_raw);
    std::thread::spawn(move || {
        let Some(pid) = pid else { return };
        std::thread::sleep(after);
        // Both fail only if the server is gone, and then the load says so.
        let _ = kill_process(pid, Signal::STOP);
        std::thread::sleep(STALL);
        let _ = kill_process(pid, Signal::CONT);
    })
}

/// Runs one of the others, if it is there: requests, p99 in milliseconds, CPU in microseconds.
fn other(
    bench: &Bench,
    name: &str,
    url: &str,
    rate: Option<u32>,
    seconds: u64,
) -> anyhow::Result<Option<(f64, f64, f64)>> {
    if !tool::is_installed(name) {
        return Ok(None);
    }
    let (connections, time) = (CONNECTIONS.to_string(), format!("{seconds}s"));
    let limit = Duration::from_secs(seconds + 15);
    // hey's rate is of each of its workers.
    let each = rate.unwrap_or_default().div_ceil(CONNECTIONS).to_string();
    let mut args = match name {
        "wrk" => vec!["-t1", "-c", &connections, "-d", &time, "--latency"],
        _ => vec!["-c", &connections, "-z", &time],
    };
    if rate.is_some() {
        args.extend(["-q", &each]);
    }
    args.push(url);
    let ran = tool::run(name, &args, limit, &bench.stop)?;
    let (requests, p99) = if name == "wrk" { tool::wrk(&ran.said)? } else { tool::hey(&ran.said)? };
    Ok(Some((requests, p99, ran.cpu_us)))
}
