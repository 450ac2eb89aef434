//! What broke, in words: a sentence below a waterfall, a few words in a list, and what a group of traces shares.

use std::fmt;
use std::time::Duration;

use super::broken::{BrokenEdge, How};

impl BrokenEdge {
    /// What is the same wherever it breaks so, without a figure: `payment waits for bank`, `refused: order's queue is
    /// full`.
    #[must_use]
    pub fn kind(&self) -> String {
        let Self { caller, callee, .. } = self;
        match (self.how, self.status.as_deref()) {
            (How::Slow, _) => format!("{caller} waits for {callee}"),
            (How::Queued, _) => format!("{caller} waits in {callee}'s queue"),
            (How::GaveUp, _) => format!("{caller} gave up on {callee}"),
            (How::Failed, _) if self.refused() => format!("refused: {callee}'s {}", self.message),
            (How::Failed, Some(status)) => format!("{callee} answered {caller} with {status}"),
            (How::Failed, None) => format!("{callee} failed {caller}"),
            (How::NotSent, _) if self.message.is_empty() => format!("{caller} did not call {callee}"),
            (How::NotSent, _) => format!("{caller} did not call {callee}: {}", self.message),
            (How::Unreachable, _) => format!("{caller} could not reach {callee}"),
        }
    }

    /// The same with how long it took, for a column: `payment waits for bank 6.6 s, queue 9.3 s`.
    #[must_use]
    pub fn brief(&self) -> String {
        // Two queues one after the other would read as one.
        let before = self.before.as_ref().filter(|_| self.how != How::Queued);
        let before = before.map_or_else(String::new, |wait| format!(", queue {}", short(wait.took_ns)));
        let took = if self.refused() || self.how == How::NotSent {
            String::new()
        } else {
            format!(" {}", short(self.took_ns))
        };
        let so_far = if self.untold.is_some() { "so far: " } else { "" };
        format!("{so_far}{}{took}{before}", self.kind())
    }

    /// The callee said that it had no room.
    #[must_use]
    pub fn refused(&self) -> bool {
        self.how == How::Failed && self.message == "queue is full"
    }
}

impl fmt::Display for BrokenEdge {
    /// One sentence, such as `payment waits for bank: charge took 30.0 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { caller, callee, operation, .. } = self;
        let took = short(self.took_ns);
        let tries =
            if self.attempts > 1 { format!(" and {} attempts", self.attempts) } else { String::new() };
        let said = if self.message.is_empty() { String::new() } else { format!(": {}", self.message) };
        let untold = self.untold.as_deref();
        let silent = if untold == Some(callee) { ", which has not told" } else { "" };
        match (self.how, self.status.as_deref()) {
            (How::Slow, _) if self.before.is_some() => {
                write!(f, "{caller} waits for {callee}{silent} ({took}{tries})")?;
            }
            (How::Slow, _) => {
                write!(f, "{caller} waits for {callee}{silent}: {operation} took {took}{tries}")?
            }
            (How::Queued, _) => {
                write!(f, "{caller} waits in {callee}'s queue: {operation} had no worker for {took}{tries}")?;
            }
            (How::GaveUp, _) => {
                write!(f, "{caller} gave up on {callee}{silent}: no answer to {operation} in {took}{tries}")?;
            }
            (How::Failed, Some(status)) => {
                write!(
                    f,
                    "{callee} answered {caller} with {status}{said} ({operation}, after {took}{tries})"
                )?;
            }
            (How::Failed, None) => {
                write!(f, "{callee} failed {caller}{said} ({operation}, after {took}{tries})")?;
            }
            (How::NotSent, _) => write!(f, "{caller} did not call {callee}{said} ({operation})")?,
            (How::Unreachable, _) => {
                write!(f, "{caller} could not reach {callee}{said} ({operation}, after {took}{tries})")?;
            }
        }
        if let Some(wait) = &self.before {
            write!(f, "; before that {} waited {} for a worker", wait.operation, short(wait.took_ns))?;
        }
        match untold.filter(|_| silent.is_empty()) {
            Some(who) => write!(f, "; {who} has not told"),
            None => Ok(()),
        }
    }
}

/// `30.0 s`, `412 ms`, `0.3 ms`.
fn short(ns: u64) -> String {
    let took = Duration::from_nanos(ns);
    match took.as_secs_f64() {
        s if s >= 1.0 => format!("{s:.1} s"),
        s if s >= 0.01 => format!("{:.0} ms", s * 1e3),
        s => format!("{:.1} ms", s * 1e3),
    }
}
