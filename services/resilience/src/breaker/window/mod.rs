//! What a closed breaker looks at: the last n calls, or the calls of the last n seconds.

mod count;
mod time;

use std::time::Duration;

use self::count::CountWindow;
use self::time::TimeWindow;
use super::BreakerPolicy;
use crate::policy::Setting;

/// The calls that count. Each has a number under which it can still turn out to have failed, until it has left.
#[derive(Debug)]
pub(super) enum Window {
    Count(CountWindow),
    Time(TimeWindow),
}

impl Window {
    pub(super) fn new(policy: &BreakerPolicy) -> Window {
        Window::from(policy, 0)
    }

    /// Takes a changed policy. The calls are kept, unless it is the other kind of window now.
    pub(super) fn reshape(&mut self, policy: &BreakerPolicy) {
        match (&mut *self, policy.window_time) {
            (Window::Count(window), Setting::Off) => window.resize(policy.window),
            (Window::Time(window), Setting::On(length)) => window.resize(length.get()),
            // A number given out by the old window must not be one of the new.
            (Window::Count(window), Setting::On(_)) => *self = Window::from(policy, window.next()),
            (Window::Time(window), Setting::Off) => *self = Window::from(policy, window.next()),
        }
    }

    fn from(policy: &BreakerPolicy, first: u64) -> Window {
        match policy.window_time {
            Setting::Off => Window::Count(CountWindow::new(policy.window, first)),
            Setting::On(length) => Window::Time(TimeWindow::new(length.get(), first)),
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Window::Count(window) => window.clear(),
            Window::Time(window) => window.clear(),
        }
    }

    /// Forgets what is too old by now.
    pub(super) fn expire(&mut self, now: Duration) {
        if let Window::Time(window) = self {
            window.expire(now);
        }
    }

    /// Adds a call and returns its number.
    pub(super) fn push(&mut self, now: Duration, failed: bool, slow: bool) -> u64 {
        match self {
            Window::Count(window) => window.push(failed, slow),
            Window::Time(window) => window.push(now, failed, slow),
        }
    }

    /// A call that was added as slow has failed in the end. Nothing happens if it has left the window.
    pub(super) fn fail(&mut self, number: u64) {
        match self {
            Window::Count(window) => window.fail(number),
            Window::Time(window) => window.fail(number),
        }
    }

    pub(super) fn seen(&self) -> Seen {
        match self {
            Window::Count(window) => window.seen(),
            Window::Time(window) => window.seen(),
        }
    }
}

/// What is in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) calls: u32,
    pub(super) failed: u32,
    pub(super) slow: u32,
}
