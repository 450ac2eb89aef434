//! Processes by their id: signalled one by one, never by name. The harness knows the processes of a test by the folder
//! in their environment, so that it can never end anybody else's.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::scratch::Scratch;

/// The processes that were started for this test and still live. Empty where there is no `/proc`.
pub fn of(scratch: &Scratch) -> Vec<u32> {
    let mut mark = OsString::from("FIREDRILL_DIR=");
    mark.push(scratch.labs());
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    })
    .collect()
}

/// Whether a process with this id is there.
pub fn lives(pid: u32) -> bool {
    test_kill_process(id(pid)).is_ok()
}

/// SIGKILL.
///
/// # Panics
/// When there is no such process.
pub fn kill(pid: u32) {
    send(pid, Signal::KILL);
}

/// SIGTERM.
///
/// # Panics
/// When there is no such process.
pub fn terminate(pid: u32) {
    send(pid, Signal::TERM);
}

/// SIGSTOP.
///
/// # Panics
/// When there is no such process.
pub fn freeze(pid: u32) {
    send(pid, Signal::STOP);
}

/// SIGCONT.
///
/// # Panics
/// When there is no such process.
pub fn thaw(pid: u32) {
    send(pid, Signal::CONT);
}

/// Ends whatever is left of a test.
pub(crate) fn end(scratch: &Scratch) {
    for pid in of(scratch) {
        // It may have ended since it was found.
        let _ = kill_process(id(pid), Signal::KILL);
    }
}

fn send(pid: u32, signal: Signal) {
    kill_process(id(pid), signal).unwrap_or_else(|error| panic!("failed to signal process {pid}: {error}"));
}

fn id(pid: u32) -> Pid {
    i32::try_from(pid).ok().and_then(Pid::from_raw).unwrap_or_else(|| panic!("{pid} is no process id"))
}
