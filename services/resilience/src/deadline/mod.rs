//! What a service does with the deadline of a request: whether it looks at it before the work and during it, and how
//! much of it must be left for the work to begin at all.
//!
//! Dropping only what has expired already is not enough. A queue in arrival order then hands out work that has just
//! under one service time left: all of it dies while it runs, and a full pool serves nobody. `floor` and `expected`
//! refuse such work before it costs anything.
//!
//! The pool asks at the start of a job; ending a job that runs is `mesh`. Telling a callee is the caller's `propagate`.

mod expected;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::{Setting, Span, Switch};
pub use expected::Expected;

/// What a service does with the deadline of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Deadline {
    /// `all` = work is refused when its deadline has passed, and ended when it passes; `queued` = it is refused, but
    /// what has begun is done to its end; `off` = neither. What is left travels on to the callees all the same.
    /// Default `all`, as gRPC servers do.
    pub enforce: Enforce,
    /// Work with less than this left is refused before it starts. Set it a little above the time that the work takes.
    /// Default `off`.
    pub floor: Setting<Span>,
    /// `on` = work with less time left than it usually takes is refused before it starts. The floor is learned for each
    /// method: the median time of its last 32 runs that ended well. Default `off`.
    pub expected: Switch,
}

/// When a deadline is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Enforce {
    #[default]
    All,
    Queued,
    Off,
}

/// Why a job is not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// The deadline has passed.
    Passed,
    /// Less is left than the floor.
    Floor,
    /// Less is left than the work takes.
    Expected,
}

impl Default for Deadline {
    fn default() -> Deadline {
        Deadline { enforce: Enforce::All, floor: Setting::Off, expected: Switch::Off }
    }
}

impl Deadline {
    /// Whether a job with so much left is refused instead of started. `expected` is asked only if the policy wants it.
    pub fn refuses(&self, left: Duration, expected: impl FnOnce() -> Option<Duration>) -> Option<Late> {
        if self.enforce == Enforce::Off {
            return None;
        }
        if left.is_zero() {
            return Some(Late::Passed);
        }
        if self.floor.on().is_some_and(|floor| left < floor.get()) {
            return Some(Late::Floor);
        }
        let short = self.expected.is_on() && expected().is_some_and(|expected| left < expected);
        short.then_some(Late::Expected)
    }

    /// The least that must be left for work to begin, as far as the policy alone says: zero without a floor.
    pub fn floor(&self) -> Duration {
        let floor = self.floor.on().filter(|_| self.enforce != Enforce::Off);
        floor.copied().map_or(Duration::ZERO, Span::get)
    }

    /// Whether a job that runs is ended at its deadline.
    pub fn ends_running(&self) -> bool {
        self.enforce == Enforce::All
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn policy(written: &str) -> Deadline {
        serde_json::from_str(written).unwrap()
    }

    /// I2.
    #[test]
    fn nothing_starts_past_its_deadline_or_below_the_floor() {
        let nobody = || panic!("nobody asked for it");
        let plain = policy("{}");
        assert_eq!(plain, Deadline::default());
        assert_eq!(plain.refuses(Duration::ZERO, nobody), Some(Late::Passed));
        assert_eq!(plain.refuses(MS, nobody), None);
        let floor = policy(r#"{"floor": "120ms", "enforce": "queued"}"#);
        assert_eq!(floor.refuses(119 * MS, nobody), Some(Late::Floor));
        assert_eq!(floor.refuses(120 * MS, nobody), None);
        assert!(plain.ends_running() && !floor.ends_running());
    }

    #[test]
    fn what_the_work_takes_is_a_floor_too_once_it_is_known() {
        let learned = policy(r#"{"expected": "on"}"#);
        assert_eq!(learned.refuses(99 * MS, || Some(100 * MS)), Some(Late::Expected));
        assert_eq!(learned.refuses(100 * MS, || Some(100 * MS)), None);
        assert_eq!(learned.refuses(MS, || None), None, "nothing is known yet");
    }

    #[test]
    fn off_ignores_the_deadline_and_every_floor() {
        let off = policy(r#"{"enforce": "off", "floor": "1s", "expected": "on"}"#);
        assert_eq!(off.refuses(Duration::ZERO, || Some(100 * MS)), None);
        assert!(!off.ends_running());
    }
}
