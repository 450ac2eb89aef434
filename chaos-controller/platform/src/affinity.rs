//! Which processors a process may run on. A lab's processes are its owner's, so no privilege is
//! needed to confine them. Elsewhere than on Linux nothing is confined, and that is told.

/// Processors by number.
pub type Processors = Vec<usize>;

/// Of confining a process that starts threads meanwhile.
#[cfg(target_os = "linux")]
const ROUNDS: usize = 8;

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

/// The processors of the first thread that may run on others than these, if there is one.
pub fn elsewhere(pid: u32, processors: &[usize]) -> Option<Processors> {
    let threads = crate::proc::threads(pid).into_iter();
    threads.map(allowed).find(|there| !there.is_empty() && there != processors)
}

/// Confines every thread of a process. Threads that start later inherit it.
///
/// # Errors
/// When the kernel refuses, or threads start faster than they can be listed.
#[cfg(target_os = "linux")]
pub fn confine(pid: u32, processors: &[usize]) -> std::io::Result<()> {
    let mut set = rustix::thread::CpuSet::new();
    processors.iter().for_each(|cpu| set.set(*cpu));
    // A thread that another one starts between the listing and its own turn is in none of the lists before.
    for _ in 0..ROUNDS {
        if elsewhere(pid, processors).is_none() {
            return Ok(());
        }
        for thread in crate::proc::threads(pid) {
            match rustix::thread::sched_setaffinity(crate::proc::pid_of(thread), &set) {
                // A thread may end between the listing and the call.
                Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    match elsewhere(pid, processors) {
        None => Ok(()),
        Some(_) => Err(std::io::ErrorKind::WouldBlock.into()),
    }
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
        assert_eq!((confined, allowed(me)), (all[..1].to_vec(), all.clone()));
        assert!(allowed(0).is_empty());
        if all.len() > 1 {
            one_thread_elsewhere_is_found_and_brought_back(me, &all);
        }
    }

    /// Part of the test above: both move this very process.
    fn one_thread_elsewhere_is_found_and_brought_back(me: u32, all: &[usize]) {
        let mut few = rustix::thread::CpuSet::new();
        few.set(all[0]);
        let (ready, is_ready) = std::sync::mpsc::channel();
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || {
            rustix::thread::sched_setaffinity(None, &few).unwrap();
            ready.send(()).unwrap();
            let _ = ends.recv();
        });
        is_ready.recv().unwrap();
        assert_eq!((allowed(me), elsewhere(me, all)), (all.to_vec(), Some(all[..1].to_vec())));
        confine(me, all).unwrap();
        assert_eq!(elsewhere(me, all), None);
        drop(end);
        other.join().unwrap();
    }
}
