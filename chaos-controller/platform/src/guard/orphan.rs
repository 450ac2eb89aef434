//! A lab's processes do not outlive their guard: each asks the kernel to be
//! killed when its parent dies. A lab without a guard would run for ever after
//! its controller; and a kill is safe, for the stores are journaled.

use super::GUARD_MARK;

/// Asks the kernel to kill this process when its guard dies. Does nothing for a
/// process that no guard started. Returns false if the guard is dead already:
/// the process must not start.
///
/// The guard starts its children on its main thread, whose death is the
/// process's: the kernel watches the thread, not the process.
#[must_use]
pub fn die_with_guard() -> bool {
    let Some(guard) = std::env::var(GUARD_MARK).ok().and_then(|pid| pid.parse::<i32>().ok()) else {
        return true;
    };
    #[cfg(target_os = "linux")]
    // It cannot fail for a valid signal; without it the guard's next start sweeps.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    // The guard may have died before the request was made.
    rustix::process::getppid().is_some_and(|parent| parent.as_raw_nonzero().get() == guard)
}
