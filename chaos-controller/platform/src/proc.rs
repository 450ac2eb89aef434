//! What the kernel says about a process, read from `/proc`: whether it lives,
//! what it weighs, what it has burnt. Elsewhere than on Linux there is no
//! `/proc`: everything reads as unknown (`None`, or 0), nothing fails.

use std::path::Path;

/// Memory of a page in KiB; every Linux this runs on says 4 unless it is told otherwise.
fn page_kib() -> u64 {
    rustix::param::page_size() as u64 / 1024
}

/// Whether the process with this id lives and is the one that started at
/// `start_ticks` (0 accepts any). A zombie counts as dead.
pub fn alive(pid: u32, start_ticks: u64) -> bool {
    match stat(pid) {
        Some(stat) => stat.state != 'Z' && (start_ticks == 0 || stat.start_ticks == start_ticks),
        None if Path::new("/proc/self/stat").exists() => false,
        None => pid_of(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok()),
    }
}

/// When the process started, in clock ticks since boot.
pub fn start_ticks(pid: u32) -> Option<u64> {
    stat(pid).map(|stat| stat.start_ticks)
}

/// Resident memory, in KiB.
pub fn rss_kib(pid: u32) -> Option<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * page_kib())
}

/// Proportional memory (shared pages divided among their users), in KiB. The
/// kernel walks the page tables for it: about a millisecond per process.
pub fn pss_kib(pid: u32) -> Option<u64> {
    parse_pss(&std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?)
}

/// Processor time of all its threads, in microseconds.
pub fn cpu_us(pid: u32) -> Option<u64> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let mut nanos = 0;
    for task in tasks.flatten() {
        // A thread may end between the listing and the reading.
        let Ok(schedstat) = std::fs::read_to_string(task.path().join("schedstat")) else { continue };
        nanos += schedstat.split(' ').next().and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    }
    Some(nanos / 1_000)
}

/// What the process does, as `/proc` says: `R`, `S`, `T` (stopped), `Z` and so on.
pub fn state(pid: u32) -> Option<char> {
    stat(pid).map(|stat| stat.state)
}

/// Time that its first thread was ready to run and waited for a processor, in microseconds.
pub fn waited_us(pid: u32) -> Option<u64> {
    let schedstat = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    Some(schedstat.split(' ').nth(1)?.parse::<u64>().ok()? / 1_000)
}

/// The ids of its threads.
pub fn threads(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.filter_map(|task| task.file_name().to_str()?.parse().ok()).collect()
}

/// Memory that the machine can still give, in KiB, without swapping.
pub fn available_kib() -> Option<u64> {
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// The process id as rustix wants it.
pub(crate) fn pid_of(pid: u32) -> Option<rustix::process::Pid> {
    i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw)
}

struct Stat {
    state: char,
    start_ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name in parentheses may hold anything, so fields count from its last `)`.
fn parse_stat(line: &str) -> Option<Stat> {
    let mut fields = line.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?.chars().next()?;
    // Field 22 of proc(5); the state is field 3.
    let start_ticks = fields.nth(18)?.parse().ok()?;
    Some(Stat { state, start_ticks })
}

fn parse_pss(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let line = "7 (a) b) c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 991 1000 2";
        let stat = parse_stat(line).unwrap();
        assert_eq!((stat.state, stat.start_ticks), ('S', 991));
    }

    #[test]
    fn proportional_memory_is_found_in_a_rollup() {
        assert_eq!(parse_pss("x\nRss:   10 kB\nPss:    4321 kB\nPss_Dirty: 1 kB\n"), Some(4321));
        assert_eq!(parse_pss("Rss: 1 kB\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_lives_weighs_and_burns() {
        let me = std::process::id();
        let ticks = start_ticks(me).unwrap();
        assert!(alive(me, ticks) && !alive(me, ticks + 1));
        assert!(rss_kib(me).unwrap() > 100 && cpu_us(me).is_some());
    }
}
