//! The machine: whether a drill's outage fits on it, and whether its clock and its cores can be measured with. On
//! anything but Linux most of it cannot be seen, and is said to be unknown.

use std::fs::read_to_string;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::statvfs;
use rustix::process::{Resource, getrlimit};

use super::{Finding, Limits, State};

/// Sockets that an outage at full scale holds open: the generator's users and the frontend's side of them.
const SOCKETS: Limits = Limits { warn: 20_000.0, fail: 4_096.0 };
const PORTS: Limits = Limits { warn: 20_000.0, fail: 4_000.0 };
const CORES: Limits = Limits { warn: 1.0, fail: 0.0 };
/// Runnable threads per core.
const LOAD: Limits = Limits { warn: 1.5, fail: 4.0 };
/// Share of the cores that is not idle.
const BUSY: Limits = Limits { warn: 0.85, fail: f64::INFINITY };
/// Share of time that the host gave to others.
const STEAL: Limits = Limits { warn: 0.02, fail: 0.10 };
const MEMORY_MIB: Limits = Limits { warn: 1_500.0, fail: 600.0 };
const DISK_MIB: Limits = Limits { warn: 2_000.0, fail: 300.0 };
/// How late a sleep of a millisecond may end.
const LATE_MS: Limits = Limits { warn: 5.0, fail: 50.0 };
/// How long the cores are watched.
const WATCH: Duration = Duration::from_millis(500);
const SLEEPS: u32 = 20;

const UNKNOWN: &str = "not told by this system";

/// Looks at the machine; `folder` is where labs and runs are written.
pub(crate) async fn look(folder: &Path) -> Vec<Finding> {
    let mut found = vec![open_files(), ports(), cores(), load()];
    found.extend(busy_and_steal().await);
    found.extend([clock(), timer().await, memory(), disk(folder)]);
    found
}

fn open_files() -> Finding {
    let most = getrlimit(Resource::Nofile).maximum;
    let seen = most.map_or("unlimited".to_owned(), |most| format!("{most} at most"));
    let state = most.map_or(State::Ok, |most| SOCKETS.below(most as f64));
    let todo = "raise it (`ulimit -Hn 65536`), or drill at a smaller `--scale`";
    Finding::new(state, "open files", seen, todo)
}

fn ports() -> Finding {
    let Some((low, high)) = read("/proc/sys/net/ipv4/ip_local_port_range").and_then(|text| two(&text)) else {
        return Finding::ok("ports", UNKNOWN);
    };
    let count = high - low + 1.0;
    let todo = "widen it: `sysctl net.ipv4.ip_local_port_range=\"10000 65000\"`";
    Finding::new(PORTS.below(count), "ports", format!("{low:.0} to {high:.0}, {count:.0} of them"), todo)
}

fn cores() -> Finding {
    let cores = cores_there();
    let todo = "a lab at full scale wants two; use `--scale 1/4` or less";
    Finding::new(CORES.below(cores), "cores", format!("{cores:.0}"), todo)
}

fn load() -> Finding {
    let Some(load) = read("/proc/loadavg").and_then(|text| text.split(' ').next()?.parse::<f64>().ok())
    else {
        return Finding::ok("load", UNKNOWN);
    };
    let cores = cores_there();
    let todo = "other work makes the generator late, and a late generator makes a run void: end it, or wait";
    Finding::new(LOAD.above(load / cores), "load", format!("{load:.2} on {cores:.0} cores"), todo)
}

async fn busy_and_steal() -> Vec<Finding> {
    let ticks = || read("/proc/stat").and_then(|text| Ticks::parse(&text));
    let Some(before) = ticks() else { return Vec::new() };
    tokio::time::sleep(WATCH).await;
    let Some(after) = ticks() else { return Vec::new() };
    let all = (after.all - before.all).max(1.0);
    let (busy, steal) = ((after.busy - before.busy) / all, (after.steal - before.steal) / all);
    let seen = format!("{:.0} % of the cores in the last half second", busy * 100.0);
    let todo = "little is left for the lab: end other work, or use a smaller `--scale`";
    let taken = format!("{:.1} % taken by the host", steal * 100.0);
    let mistrust = "a neighbour has the cores: latencies of this machine cannot be trusted now";
    vec![
        Finding::new(BUSY.above(busy), "busy", seen, todo),
        Finding::new(STEAL.above(steal), "steal", taken, mistrust),
    ]
}

fn clock() -> Finding {
    let path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let Some(source) = read(path) else { return Finding::ok("clock", UNKNOWN) };
    let source = source.trim().to_owned();
    // These are read without a system call.
    let quick = ["tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page"];
    let state = if quick.contains(&source.as_str()) { State::Ok } else { State::Warn };
    let todo = "reading this clock is a system call: it costs processor time, not correctness";
    Finding::new(state, "clock", source, todo)
}

/// Short sleeps, of which the bank and the generator take thousands.
async fn timer() -> Finding {
    let asked = Duration::from_millis(1);
    let mut worst = Duration::ZERO;
    for _ in 0..SLEEPS {
        let begun = Instant::now();
        tokio::time::sleep(asked).await;
        worst = worst.max(begun.elapsed().saturating_sub(asked));
    }
    let kind = if cfg!(target_os = "linux") { "timerfd" } else { "no timerfd here, the runtime's own" };
    let late_ms = worst.as_secs_f64() * 1e3;
    let seen = format!("{kind}; of {SLEEPS} sleeps of 1 ms the worst ended {late_ms:.1} ms late");
    Finding::new(LATE_MS.above(late_ms), "timer", seen, "the machine is too busy to keep time")
}

fn memory() -> Finding {
    let Some(kib) = read("/proc/meminfo").and_then(|text| available_kib(&text)) else {
        return Finding::ok("memory", UNKNOWN);
    };
    let mib = kib / 1024.0;
    let todo = "an outage at full scale takes some 500 MiB: use a smaller `--scale`";
    Finding::new(MEMORY_MIB.below(mib), "memory", format!("{mib:.0} MiB available"), todo)
}

fn disk(folder: &Path) -> Finding {
    // The folder itself may not be there yet.
    let there = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let Ok(disk) = statvfs(there) else { return Finding::ok("disk", UNKNOWN) };
    let mib = disk.f_bavail as f64 * disk.f_frsize as f64 / f64::from(1 << 20);
    let todo = "a run of 45 minutes writes up to 100 MiB: remove old runs";
    Finding::new(DISK_MIB.below(mib), "disk", format!("{mib:.0} MiB free"), todo)
}

fn cores_there() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64)
}

fn read(path: &str) -> Option<String> {
    read_to_string(path).ok()
}

fn two(text: &str) -> Option<(f64, f64)> {
    let mut words = text.split_ascii_whitespace().map(str::parse::<f64>);
    Some((words.next()?.ok()?, words.next()?.ok()?))
}

fn available_kib(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Of the first line of `/proc/stat`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ticks {
    all: f64,
    busy: f64,
    steal: f64,
}

impl Ticks {
    /// proc(5): user nice system idle iowait irq softirq steal.
    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().next()?.strip_prefix("cpu ")?;
        let words = line.split_ascii_whitespace().take(8);
        let ticks: Vec<f64> = words.map_while(|word| word.parse().ok()).collect();
        let [_, _, _, idle, waiting, _, _, steal] = ticks[..] else { return None };
        let all: f64 = ticks.iter().sum();
        Some(Self { all, busy: all - idle - waiting, steal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_lines_are_read() {
        let ticks = Ticks::parse("cpu  10 0 5 80 5 0 0 2 0 0\ncpu0 1").unwrap();
        assert_eq!((ticks.all, ticks.busy, ticks.steal), (102.0, 17.0, 2.0));
        assert_eq!(Ticks::parse("cpu  10 x"), None);
        assert_eq!(available_kib("MemTotal: 1 kB\nMemAvailable:   2048 kB\n"), Some(2048.0));
        assert_eq!(two("32768\t60999\n"), Some((32_768.0, 60_999.0)));
    }
}
