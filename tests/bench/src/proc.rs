//! CPU and memory of processes as the kernel counts them. CPU is the scheduler's own sum in nanoseconds: the tick count of
//! `stat` is too coarse for a second of a process that sleeps most of it.
//!
//! Left out: systems without `/proc`, where there is nothing to measure with.

use std::collections::BTreeMap;
use std::path::Path;

use harness::site::Member;

/// A value of each process, by the name that it has in tables.
pub(crate) type Split = BTreeMap<String, f64>;

/// Processes by name.
#[derive(Debug, Clone)]
pub(crate) struct Processes(Vec<(String, u32)>);

/// CPU used so far, microseconds.
#[derive(Debug, Clone)]
pub(crate) struct Cpu(Split);

/// Resident memory now, MiB.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    pub(crate) rss: Split,
    pub(crate) pss: Split,
}

impl Processes {
    pub(crate) fn new(members: &[Member], others: &[(&str, u32)]) -> Self {
        let members = members.iter().map(|member| (member.service.clone(), member.pid));
        let others = others.iter().map(|(name, pid)| ((*name).to_owned(), *pid));
        Self(members.chain(others).collect())
    }

    pub(crate) fn cpu(&self) -> Cpu {
        Cpu(self.0.iter().map(|(name, pid)| (name.clone(), cpu_us(*pid))).collect())
    }

    pub(crate) fn memory(&self) -> Memory {
        let mut memory = Memory::default();
        for (name, pid) in &self.0 {
            let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
            memory.rss.insert(name.clone(), kib(&text, "Rss:") / 1024.0);
            memory.pss.insert(name.clone(), kib(&text, "Pss:") / 1024.0);
        }
        memory
    }
}

impl Cpu {
    /// What each has used since `before`, divided by `by`.
    pub(crate) fn since(&self, before: &Self, by: f64) -> Split {
        let used = |(name, now): (&String, &f64)| {
            (name.clone(), (now - before.0.get(name).unwrap_or(&0.0)) / by.max(1.0))
        };
        self.0.iter().map(used).collect()
    }
}

/// The most resident memory that a process has had, in MiB; 0 once it has ended.
pub(crate) fn peak_mib(pid: u32) -> f64 {
    kib(&std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default(), "VmHWM:") / 1024.0
}

/// CPU of a process so far, in microseconds, over its threads that are there.
pub(crate) fn cpu_us(pid: u32) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    threads.map(|thread| scheduled_us(&thread.path().join("schedstat"))).sum()
}

/// CPU of the calling thread so far, in microseconds.
pub(crate) fn own_thread_us() -> f64 {
    scheduled_us(Path::new("/proc/thread-self/schedstat"))
}

fn scheduled_us(path: &Path) -> f64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or_default() / 1e3
}

fn kib(text: &str, field: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_the_rollup_is_read_and_an_absent_one_is_nothing() {
        let text = "00400000-7ffc [rollup]\nRss:    11520 kB\nPss:     2048 kB\nPss_Dirty: 9 kB\n";
        assert_eq!((kib(text, "Rss:"), kib(text, "Pss:"), kib(text, "Swap:")), (11_520.0, 2_048.0, 0.0));
    }

    #[test]
    fn cpu_is_what_was_used_in_between() {
        let cpu = |us: f64| Cpu(Split::from([("order".to_owned(), us)]));
        assert_eq!(cpu(900.0).since(&cpu(400.0), 10.0)["order"], 50.0);
    }
}
