//! What a container may use, as the engine was told, and as it is told again. An engine takes a zero for "leave it as it
//! is", so a limit that was never there has to be written in the one way that the engine reads as none.

use bollard::models::{ContainerUpdateBody, HostConfig};
use serde::{Deserialize, Serialize};

/// The kernel shares a processor out in periods of 100 ms unless it is told another.
const PERIOD_US: i64 = 100_000;
const NANO: f64 = 1e9;

/// Limits of memory in bytes and of processor time; 0 is none, as the engine writes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Limits {
    pub(super) memory: i64,
    /// Memory and swap together.
    pub(super) memory_swap: i64,
    /// Processors as one number; excludes the other two.
    pub(super) nano_cpus: i64,
    pub(super) cpu_period: i64,
    pub(super) cpu_quota: i64,
}

impl Limits {
    pub(super) fn read(config: &HostConfig) -> Self {
        Self {
            memory: config.memory.unwrap_or_default(),
            memory_swap: config.memory_swap.unwrap_or_default(),
            nano_cpus: config.nano_cpus.unwrap_or_default(),
            cpu_period: config.cpu_period.unwrap_or_default(),
            cpu_quota: config.cpu_quota.unwrap_or_default(),
        }
    }

    /// Written into what a copy is made of.
    pub(super) fn write(self, config: &mut HostConfig) {
        config.memory = Some(self.memory);
        config.memory_swap = Some(self.memory_swap);
        config.nano_cpus = Some(self.nano_cpus);
        config.cpu_period = Some(self.cpu_period);
        config.cpu_quota = Some(self.cpu_quota.max(0));
    }

    /// Processors that it may use; `None` if all.
    pub(super) fn cores(self) -> Option<f64> {
        if self.nano_cpus > 0 {
            Some(self.nano_cpus as f64 / NANO)
        } else if self.cpu_quota > 0 {
            Some(self.cpu_quota as f64 / self.period() as f64)
        } else {
            None
        }
    }

    /// The update after which it may use so many processors, written as these limits are: an engine refuses to mix.
    pub(super) fn with_cores(self, cores: f64) -> ContainerUpdateBody {
        if self.nano_cpus > 0 {
            ContainerUpdateBody { nano_cpus: Some((cores * NANO) as i64), ..Default::default() }
        } else {
            let cpu_quota = Some((cores * PERIOD_US as f64) as i64);
            ContainerUpdateBody { cpu_period: Some(PERIOD_US), cpu_quota, ..Default::default() }
        }
    }

    /// The update after which processor time is limited as here.
    pub(super) fn cpu(self) -> ContainerUpdateBody {
        if self.nano_cpus > 0 {
            return ContainerUpdateBody { nano_cpus: Some(self.nano_cpus), ..Default::default() };
        }
        // Less than nothing is none; nothing would change nothing.
        let cpu_quota = Some(if self.cpu_quota > 0 { self.cpu_quota } else { -1 });
        ContainerUpdateBody { cpu_period: Some(self.period()), cpu_quota, ..Default::default() }
    }

    /// The update after which it may hold so many bytes, and swap none of them.
    pub(super) fn with_memory(bytes: i64) -> ContainerUpdateBody {
        ContainerUpdateBody { memory: Some(bytes), memory_swap: Some(bytes), ..Default::default() }
    }

    /// The update after which memory is limited as here. Both in one: an engine refuses a limit above that with swap.
    pub(super) fn memory(self) -> ContainerUpdateBody {
        ContainerUpdateBody {
            memory: Some(self.memory),
            memory_swap: Some(self.memory_swap),
            ..Default::default()
        }
    }

    pub(super) fn same_cpu(self, other: Self) -> bool {
        self.cores() == other.cores()
    }

    pub(super) fn same_memory(self, other: Self) -> bool {
        (self.memory, self.memory_swap) == (other.memory, other.memory_swap)
    }

    fn period(self) -> i64 {
        if self.cpu_period > 0 { self.cpu_period } else { PERIOD_US }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_without_a_limit_gets_none_back_and_not_a_zero_that_changes_nothing() {
        let free = Limits { memory: 256 << 20, memory_swap: 256 << 20, ..Limits::default() };
        let back = free.cpu();
        assert_eq!((back.cpu_quota, back.nano_cpus), (Some(-1), None));
        let after = Limits { cpu_period: PERIOD_US, cpu_quota: -1, ..free };
        assert!(after.same_cpu(free) && after.same_memory(free));
        assert_eq!(free.memory().memory_swap, Some(256 << 20));
    }

    #[test]
    fn a_squeeze_is_written_as_the_limit_was() {
        let whole = Limits { nano_cpus: 1_500_000_000, ..Limits::default() };
        assert_eq!((whole.cores(), whole.with_cores(0.1).nano_cpus), (Some(1.5), Some(100_000_000)));
        assert_eq!(whole.cpu().nano_cpus, Some(1_500_000_000));
        let shared = Limits { cpu_period: 50_000, cpu_quota: 25_000, ..Limits::default() };
        assert_eq!((shared.cores(), shared.with_cores(0.1).cpu_quota), (Some(0.5), Some(10_000)));
        assert_eq!((shared.cpu().cpu_period, shared.cpu().cpu_quota), (Some(50_000), Some(25_000)));
    }
}
