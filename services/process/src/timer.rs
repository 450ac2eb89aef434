//! The precise timer of a process: all its sleeps in one ordered map over one
//! alarm clock.
//!
//! ```text
//! sleep --> {deadline -> waker, ...} --(the earliest)--> alarm --> driver task wakes what is due
//! ```
//!
//! Tokio's own timer counts whole milliseconds and is late by about one: a
//! bank of 100 ms would be one of 101. This one is late by tens of
//! microseconds and, like tokio's, never early. It knows no paused clock, so
//! nothing that a unit test must fast-forward should sleep here.

mod alarm;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

use alarm::Alarm;

/// Deadlines past this are as good as never, and are cut so that sums do not
/// overflow.
const LONGEST_SLEEP: Duration = Duration::from_secs(30 * 24 * 3600);

/// The precise timer. Cheap to clone; all clones share one alarm.
#[derive(Clone)]
pub struct Timer {
    driver: Arc<Driver>,
}

/// A sleep that ends at its deadline or a little later, never before. A dropped
/// one leaves nothing behind.
pub struct Sleep {
    driver: Arc<Driver>,
    deadline: Instant,
    /// Number under which this sleep waits, once it does.
    waiting: Option<u64>,
}

struct Driver {
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    alarm: Alarm,
    sleeps: Mutex<Sleeps>,
}

/// What waits. An ordered map and not a heap, because a storm of callers who
/// leave takes sleeps out of the middle.
#[derive(Default)]
struct Sleeps {
    waiting: BTreeMap<(Instant, u64), Waker>,
    /// What the alarm is set to.
    armed: Option<Instant>,
    next: u64,
}

impl Timer {
    /// Starts a timer on the current tokio runtime.
    ///
    /// # Errors
    /// When the process has no descriptor left for the alarm.
    pub fn new() -> io::Result<Self> {
        let shared = Arc::new(Shared { alarm: Alarm::new()?, sleeps: Mutex::default() });
        let driven = Arc::clone(&shared);
        let task = tokio::spawn(async move { driven.drive().await }).abort_handle();
        Ok(Self { driver: Arc::new(Driver { shared, task }) })
    }

    /// Sleeps for so long from now on.
    #[must_use]
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(Instant::now() + duration.min(LONGEST_SLEEP))
    }

    /// Sleeps until then; ends at once if that is past.
    #[must_use]
    pub fn sleep_until(&self, deadline: Instant) -> Sleep {
        Sleep { driver: Arc::clone(&self.driver), deadline, waiting: None }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        if now >= self.deadline {
            self.leave();
            return Poll::Ready(());
        }
        let shared = Arc::clone(&self.driver.shared);
        let mut sleeps = shared.sleeps();
        let number = *self.waiting.get_or_insert_with(|| sleeps.number());
        let replaced = sleeps.wait(self.deadline, number, ctx.waker());
        shared.arm(&mut sleeps, now);
        drop(sleeps);
        // A waker may own a task with a sleep of this timer: dropped without the lock.
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Sleep {
    /// Stops waiting. The alarm stays as it is: ringing once in vain is cheaper
    /// than a system call for every caller that leaves.
    fn leave(&mut self) {
        if let Some(number) = self.waiting.take() {
            let gone = self.driver.shared.sleeps().waiting.remove(&(self.deadline, number));
            drop(gone);
        }
    }
}

impl Shared {
    async fn drive(&self) {
        loop {
            self.alarm.rang().await;
            for waker in self.due() {
                waker.wake();
            }
        }
    }

    /// Takes what is due out of the map and arms for what is not.
    fn due(&self) -> Vec<Waker> {
        let now = Instant::now();
        let mut sleeps = self.sleeps();
        sleeps.armed = None;
        let mut due = Vec::new();
        while let Some(first) = sleeps.waiting.first_entry() {
            if first.key().0 > now {
                break;
            }
            due.push(first.remove());
        }
        self.arm(&mut sleeps, now);
        due
    }

    /// Sets the alarm to the first deadline, if that is before what it is set to.
    fn arm(&self, sleeps: &mut Sleeps, now: Instant) {
        let Some((&(first, _), _)) = sleeps.waiting.first_key_value() else {
            return;
        };
        if sleeps.armed.is_none_or(|armed| first < armed) {
            sleeps.armed = Some(first);
            self.alarm.set(first, now);
        }
    }

    fn sleeps(&self) -> MutexGuard<'_, Sleeps> {
        self.sleeps.lock().expect("no panic while the sleeps are held")
    }
}

impl Sleeps {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Returns the waker that this one replaces, if it replaces one.
    fn wait(&mut self, deadline: Instant, number: u64, waker: &Waker) -> Option<Waker> {
        match self.waiting.get_mut(&(deadline, number)) {
            Some(known) if known.will_wake(waker) => None,
            Some(known) => Some(std::mem::replace(known, waker.clone())),
            None => self.waiting.insert((deadline, number), waker.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
