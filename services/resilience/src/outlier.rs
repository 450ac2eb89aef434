//! Ejects the instances that fail, and takes them back on trial.
//!
//! ```text
//!             5 failures in a row, or too large a share of an interval's calls
//!   [ in ] -----------------------------------------------------------------> [ ejected ]
//!      ^                                                                          |
//!      +--- after base_ejection x (times ejected), at most max_ejection, + jitter +
//! ```
//!
//! After Envoy's outlier detection, with one difference: an instance comes back at its moment and not at the next sweep
//! of the interval. Each kind of call has its own opinion of an instance. An ejection moves traffic, it repairs
//! nothing: so at most `max_ejection_percent` of the instances are ejected (one can always be), and when nobody is
//! left, all of them are tried: a shop that ejects everybody has no better idea than one that ejects nobody.
//!
//! Left out: Envoy's success rate by standard deviations, which needs more hosts than a lab has.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::{Setting, Span};

/// When an instance is left out, and for how long. Defaults are Envoy's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Outlier {
    /// Ejects after so many failures in a row. Default 5.
    pub consecutive_failures: Setting<Failures>,
    /// Ejects at this share of failures among the calls of an interval. Default `off`.
    pub failure_rate: Setting<Share>,
    /// An interval with fewer calls to an instance says nothing of its rate. Default 50.
    #[schemars(range(min = 1, max = 100_000))]
    pub minimum_calls: u32,
    /// How often the rate is looked at; an instance that stayed in for so long is forgiven one ejection. Default 10s.
    pub interval: Span,
    /// How long the first ejection lasts; the n-th lasts n times as long. Default 30s.
    pub base_ejection: Span,
    /// The longest ejection. Default 300s.
    pub max_ejection: Span,
    /// Up to this is added to each ejection, so that callers do not come back together. Default 0s.
    pub jitter: Span,
    /// Most instances that are ejected at once, in percent; one can always be. Default 10.
    #[schemars(range(min = 0, max = 100))]
    pub max_ejection_percent: u32,
}

/// A count of failures, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Failures(#[schemars(range(min = 1, max = 100_000))] pub u32);

/// A share of calls, above 0 and up to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Share(#[schemars(range(max = 1), extend("exclusiveMinimum" = 0))] pub f64);

impl Default for Outlier {
    fn default() -> Outlier {
        Outlier {
            consecutive_failures: Setting::On(Failures(5)),
            failure_rate: Setting::Off,
            minimum_calls: 50,
            interval: Span::seconds(10),
            base_ejection: Span::seconds(30),
            max_ejection: Span::seconds(300),
            jitter: Span::seconds(0),
            max_ejection_percent: 10,
        }
    }
}

/// How an attempt ended, for the one who answered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answered, if only a business "no".
    Answered,
    /// It failed: 5xx, its connection, its time.
    Failed,
    /// Says nothing of it: 429 (it works, and works for others), our own refusal, a caller who left.
    Ignored,
}

/// Why an instance was ejected; a bounded label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Consecutive,
    Rate,
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Reason::Consecutive => "consecutive_failures",
            Reason::Rate => "failure_rate",
        }
    }
}

/// An instance that was ejected just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ejection {
    pub instance: String,
    pub reason: Reason,
    pub lasts: Duration,
}

/// What a look at all instances came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub ejected: Vec<Ejection>,
    /// Those that are in again.
    pub back: Vec<String>,
}

/// The instances of one target as one kind of call sees them, by name.
#[derive(Debug)]
pub struct Ejector {
    rules: Outlier,
    hosts: BTreeMap<String, Host>,
    swept: Duration,
}

#[derive(Clone, Copy, Debug, Default)]
struct Host {
    in_a_row: u32,
    /// Of this interval.
    calls: u32,
    failed: u32,
    /// Ejections, less those that it was forgiven.
    times: u32,
    ejected_until: Option<Duration>,
    /// The last change: attempts that began earlier say nothing of what it is now.
    since: Duration,
}

impl Ejector {
    pub fn new(rules: &Outlier, now: Duration) -> Ejector {
        Ejector { rules: rules.clone(), hosts: BTreeMap::new(), swept: now }
    }

    /// A changed policy. Who is ejected stays so until its time is over.
    pub fn configure(&mut self, rules: &Outlier) {
        self.rules = rules.clone();
    }

    /// The instances there are, by name: newcomers come in well, and those who are gone are forgotten.
    pub fn meet<'a>(&mut self, names: impl Iterator<Item = &'a str> + Clone, now: Duration) {
        self.hosts.retain(|known, _| names.clone().any(|name| name == known));
        for name in names {
            if !self.hosts.contains_key(name) {
                self.hosts.insert(name.to_owned(), Host { since: now, ..Host::default() });
            }
        }
    }

    /// Takes back whose time is over and, once an interval, looks at the rates. `draw` is in `0..1`.
    pub fn sweep(&mut self, now: Duration, draw: f64) -> Swept {
        let mut swept = Swept::default();
        for (name, host) in &mut self.hosts {
            if let Some(until) = host.ejected_until.filter(|until| *until <= now) {
                *host = Host { times: host.times, since: until, ..Host::default() };
                swept.back.push(name.clone());
            }
        }
        // Of the rules of now: an interval that was made shorter may be over.
        let interval = self.rules.interval.get();
        if now.saturating_sub(self.swept) < interval {
            return swept;
        }
        self.swept = now;
        let failing: Vec<String> =
            self.hosts.iter().filter(|(_, host)| self.fails(host)).map(|(name, _)| name.clone()).collect();
        for host in self.hosts.values_mut() {
            (host.calls, host.failed) = (0, 0);
            if host.is_in() && now.saturating_sub(host.since) >= interval {
                host.times = host.times.saturating_sub(1);
            }
        }
        swept.ejected = failing.iter().filter_map(|name| self.eject(name, Reason::Rate, now, draw)).collect();
        swept
    }

    /// Whether too large a share of an interval's calls failed.
    fn fails(&self, host: &Host) -> bool {
        let Setting::On(share) = self.rules.failure_rate else { return false };
        let enough = host.calls >= self.rules.minimum_calls;
        host.is_in() && enough && f64::from(host.failed) >= share.0 * f64::from(host.calls)
    }

    /// Whether attempts may go to it. [`Ejector::sweep`] first: it is what takes instances back.
    pub fn is_in(&self, name: &str) -> bool {
        self.hosts.get(name).is_none_or(Host::is_in)
    }

    /// How many are ejected.
    pub fn ejected(&self) -> usize {
        self.hosts.values().filter(|host| !host.is_in()).count()
    }

    /// An attempt at `name` that began then has ended. Tells if that ejects it. `draw` is in `0..1`.
    pub fn record(
        &mut self,
        name: &str,
        began: Duration,
        now: Duration,
        outcome: Outcome,
        draw: f64,
    ) -> Option<Ejection> {
        let limit = self.rules.consecutive_failures;
        let host = self.hosts.get_mut(name).filter(|host| host.is_in() && host.since <= began)?;
        match outcome {
            Outcome::Ignored => return None,
            Outcome::Answered => {
                host.calls += 1;
                host.in_a_row = 0;
            }
            Outcome::Failed => {
                host.calls += 1;
                host.failed += 1;
                host.in_a_row += 1;
            }
        }
        if !matches!(limit, Setting::On(limit) if host.in_a_row >= limit.0) {
            return None;
        }
        // Counts anew if there is no room to eject it, or the next failure after the room is there would.
        host.in_a_row = 0;
        self.eject(name, Reason::Consecutive, now, draw)
    }

    fn eject(&mut self, name: &str, reason: Reason, now: Duration, draw: f64) -> Option<Ejection> {
        let ejected = self.ejected();
        let room = (ejected + 1) * 100 <= self.hosts.len() * self.rules.max_ejection_percent as usize;
        if ejected > 0 && !room {
            return None;
        }
        let host = self.hosts.get_mut(name)?;
        host.times = host.times.saturating_add(1);
        // As in Envoy, a cap below the base is no cap.
        let cap = self.rules.max_ejection.max(self.rules.base_ejection).get();
        let lasts = self.rules.base_ejection.get().saturating_mul(host.times).min(cap)
            + self.rules.jitter.get().mul_f64(draw.clamp(0.0, 1.0));
        host.ejected_until = Some(now + lasts);
        host.since = now;
        Some(Ejection { instance: name.to_owned(), reason, lasts })
    }
}

impl Host {
    fn is_in(&self) -> bool {
        self.ejected_until.is_none()
    }
}

#[cfg(test)]
mod tests;
