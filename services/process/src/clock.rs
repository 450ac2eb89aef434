//! The one clock of a process: monotonic microseconds, comparable between the
//! processes of one machine and, with the offset that `Join` measures, between
//! machines. Wall clock is an annotation and is not offered here.

use rustix::time::{ClockId, clock_gettime};

/// Microseconds on the machine's monotonic clock.
#[must_use]
pub fn monotonic_us() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).expect("the monotonic clock starts at zero");
    let nanos = u64::try_from(now.tv_nsec).expect("nanoseconds are not negative");
    seconds * 1_000_000 + nanos / 1_000
}
