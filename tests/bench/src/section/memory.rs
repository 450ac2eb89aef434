//! Resident memory: of an idle lab, at the default rates, and at the worst moment of an outage. RSS counts a page once in
//! every process that has it; PSS shares it among them.
//!
//! The worst moment is taken from an outage that begins with 30 s of latency at once: the queues fill as in the default
//! drill, up to the same limits, without its minute of ramp. `--full` plays the drill itself.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::bench::Bench;
use crate::figure::Figure;
use crate::proc::Memory;
use crate::shop::Shop;

/// Until a lab that has started is at rest.
const REST: f64 = 3.0;
/// Until ten thousand requests have passed at the default rates.
const WARM: f64 = 12.0;
/// The longest outage that is waited for, and how long it may bring nothing new.
const OUTAGE: Duration = Duration::from_secs(90);
const QUIET: Duration = Duration::from_secs(20);
/// The longest that the default drill takes.
const DRILL: Duration = Duration::from_secs(900);

pub(super) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let shop = Shop::up(None, &["--no-load"])?;
    bench.pause(REST)?;
    tell(bench, "idle", &shop.processes().memory(), "48 with tracing; safe 150, target 60");
    drop(shop);
    bench.floor()?;

    let shop = Shop::up(None, &[])?;
    bench.pause(WARM)?;
    tell(bench, "at the default rates", &shop.processes().memory(), "47 without tracing");
    bench.floor()?;
    if bench.full {
        drop(shop);
        whole_drill(bench)
    } else {
        outage(bench, &shop)
    }
}

/// The worst moment of an outage.
fn outage(bench: &mut Bench, shop: &Shop) -> anyhow::Result<()> {
    let spec = json!({"effect": {"latency": {"fixed": {"value": "30s"}}}, "path": "charge", "lease": "10s"});
    shop.order(
        "POST",
        "/api/faults",
        Some(json!({"target": "bank", "id": "outage", "spec": spec, "for_ms": 120_000})),
    )?;
    let begun = Instant::now();
    let (mut worst, mut most, mut news) = (Memory::default(), 0.0, Instant::now());
    let admin = shop.site.member("frontend").admin;
    while begun.elapsed() < OUTAGE && news.elapsed() < QUIET {
        bench.pause(1.0)?;
        let now = shop.processes().memory();
        let held = stuck(shop, &admin);
        if held > most {
            most = held;
        }
        if sum(&now) > sum(&worst) * 1.01 {
            news = Instant::now();
        }
        if sum(&now) > sum(&worst) {
            worst = now;
        }
    }
    bench.figure(
        Figure::new("requests that the frontend holds at most", "", vec![most]).design("13,420 stuck"),
    );
    tell(
        bench,
        "at the worst moment",
        &worst,
        "970 computed, 1,153 with long span queues; safe 2,000, target 1,200",
    );
    bench.note(format!(
        "outage of 30 s at once, for {:.0} s, until nothing grew",
        begun.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Requests that a worker of the frontend holds, and those that wait for one.
fn stuck(shop: &Shop, admin: &str) -> f64 {
    let of = |name| shop.site.metric(admin, name, &[]).unwrap_or_default();
    of("lab_workers_busy") + of("lab_queue_depth")
}

/// The worst moment of the default drill, with nobody acting.
fn whole_drill(bench: &mut Bench) -> anyhow::Result<()> {
    let site = harness::Site::new();
    let folder = harness::repo::drill(harness::site::DRILL).display().to_string();
    let running = site.start(&["run", &folder, "--candidate", "nothing", "--quiet"]);
    let begun = Instant::now();
    let mut worst = Memory::default();
    let mut seen = false;
    while begun.elapsed() < DRILL {
        bench.pause(1.0)?;
        let Some(file) = site.file() else {
            if seen {
                break;
            }
            continue;
        };
        seen = true;
        let pid =
            |pointer| file.pointer(pointer).and_then(serde_json::Value::as_u64).unwrap_or_default() as u32;
        let own = [("controller", pid("/controller/pid")), ("guard", pid("/guard/pid"))];
        let now = crate::proc::Processes::new(&site.filed(), &own).memory();
        if sum(&now) > sum(&worst) {
            worst = now;
        }
    }
    drop(running);
    tell(bench, "at the worst moment of the default drill", &worst, "safe 2,000, target 1,200");
    Ok(())
}

fn sum(memory: &Memory) -> f64 {
    memory.rss.values().sum()
}

fn tell(bench: &mut Bench, when: &str, memory: &Memory, design: &'static str) {
    const BESIDE: [&str; 3] = ["traffic", "controller", "guard"];
    let services: f64 =
        memory.rss.iter().filter(|(name, _)| !BESIDE.contains(&name.as_str())).map(|(_, rss)| rss).sum();
    bench.figure(Figure::new(format!("RSS {when}, 8 services"), "MiB", vec![services]).design(design));
    bench.figure(Figure::new(format!("RSS {when}, all 11 processes"), "MiB", vec![sum(memory)]));
    bench.figure(Figure::new(
        format!("PSS {when}, all 11 processes"),
        "MiB",
        vec![memory.pss.values().sum()],
    ));
    bench.note(format!("RSS {when}, MiB: {}", crate::shop::told(&memory.rss, 0.0)));
    bench.split(format!("{when}, MiB by process"), json!({"rss": memory.rss, "pss": memory.pss}));
}
