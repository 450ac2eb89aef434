//! Which processors a process may run on. A lab's processes are its owner's, so no privilege is
//! needed to confine them. Elsewhere than on Linux nothing is confined, and that is told.

/// Processors by number.
pub type Processors = Vec<usize>;

/// The processors that a process may run on, by its first thread; empty if it is gone.
#[cfg(target_os = "linux")]
pub fn allowed(pid: u32) -> Processors {
    let Some(pid) = crate::proc::pid_of(pid) else { return Processors::new() };
    let set = rustix::thread::sched_getaffinity(Some(pid));
    set.map_or_else(
        |_| Processors::new(),
        |set| (0..rustix::thread::CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect(),
    )
}

/// Confines every thread of a process. Threads that start later inherit it.
///
/// # Errors
/// When the process is gone, or the kernel refuses.
#[cfg(target_os = "linux")]
pub fn confine(pid: u32, processors: &[usize]) -> std::io::Result<()> {
    let mut set = rustix::thread::CpuSet::new();
    processors.iter().for_each(|cpu| set.set(*cpu));
    for thread in crate::proc::threads(pid) {
        match rustix::thread::sched_setaffinity(crate::proc::pid_of(thread), &set) {
            // A thread may end between the listing and the call.
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The processors that a process may run on: unknown here.
#[cfg(not(target_os = "linux"))]
pub fn allowed(_: u32) -> Processors {
    Processors::new()
}

/// Confines a process: not here.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn confine(_: u32, _: &[usize]) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_confined_may_run_there_and_nowhere_else() {
        let me = std::process::id();
        let all = allowed(me);
        assert!(!all.is_empty());
        confine(me, &all[..1]).unwrap();
        let confined = allowed(me);
        confine(me, &all).unwrap();
        assert_eq!((confined, allowed(me)), (all[..1].to_vec(), all));
        assert!(allowed(0).is_empty());
    }
}
