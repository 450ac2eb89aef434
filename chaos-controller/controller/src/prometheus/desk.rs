//! What the rest of the controller knows of its Prometheus: whether it answers, what it has of whom, and whether the
//! samples of a run are whole. Written by the one who fetches (`source.rs`); it never asks anybody itself.

use std::collections::BTreeMap;
use std::time::Duration;

use process::monotonic_us;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::api::SamplesFrom;
use crate::directory::{Member, State};
use crate::lab::Lab;

use super::address::Address;
use super::clock::PrometheusClock;
use super::read::Scraped;

/// A process that was not scraped for so long is not scraped: it is left out of what is waited for, and lacks at a start.
pub(super) const SILENT_US: u64 = 3_000_000;
/// A hole in a run's samples that its verdict cannot be believed with.
const HOLE_US: u64 = 5_000_000;
/// A start of a run waits so long for a Prometheus that is just finding the lab's processes. Shorter than callers wait.
const FIND: Duration = Duration::from_secs(8);
/// The end of a run waits so long for its last samples: a scrape, its patience, and a fetch, with room.
const LAST: Duration = Duration::from_secs(6);

/// The lab's Prometheus.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(super) address: Address,
    known: watch::Sender<Known>,
}

#[derive(Debug, Default)]
struct Known {
    clock: Option<PrometheusClock>,
    /// Of our clock: when it answered last.
    answered_us: Option<u64>,
    /// Why it did not, since then.
    problem: Option<String>,
    /// Of our clock: when each instance was scraped last.
    scraped_us: BTreeMap<String, u64>,
    /// The youngest sample of anybody in this run, and the longest time in it without one: from, to.
    newest_us: u64,
    hole_us: (u64, u64),
}

impl Desk {
    pub(crate) fn new(address: Address) -> Self {
        Self { address, known: watch::Sender::default() }
    }

    pub(crate) fn clock(&self) -> Option<PrometheusClock> {
        self.known.borrow().clock
    }

    /// For `status`.
    pub(crate) fn told(&self) -> SamplesFrom {
        let known = self.known.borrow();
        SamplesFrom {
            prometheus: self.address.to_string(),
            instances: known.scraped_us.values().filter(|last| now_us() < **last + SILENT_US).count(),
            silent_ms: known.answered_us.map(|at| now_us().saturating_sub(at) / 1_000),
            problem: known.problem.clone(),
        }
    }

    /// A run begins on our clock: holes are counted from here.
    pub(crate) fn begin(&self, start_us: u64) {
        self.known.send_modify(|known| (known.newest_us, known.hole_us) = (start_us, (start_us, start_us)));
    }

    /// Waits until every process that is up has samples.
    ///
    /// # Errors
    /// What is lacking, when it does not come.
    pub(crate) async fn ready(&self, lab: &Lab) -> Result<(), String> {
        let since_us = now_us().saturating_sub(SILENT_US);
        self.lacks(lab, since_us, FIND).await.map_or(Ok(()), Err)
    }

    /// Waits for what was scraped before `end_us`, and says what the samples of the run lack; nothing if they are whole.
    pub(crate) async fn lacking(&self, lab: &Lab, end_us: u64) -> Option<String> {
        let late = self.lacks(lab, end_us, LAST).await;
        let known = self.known.borrow();
        let (from, to) = known.longer((known.newest_us, end_us));
        let hole = (to.saturating_sub(from) > HOLE_US).then(|| {
            let seconds = (to - from) as f64 / 1e6;
            let why = known.problem.as_deref().map_or_else(String::new, |why| format!(": {why}"));
            format!("{} has no sample of {seconds:.0} s{why}", self.address)
        });
        hole.or(late)
    }

    /// Waits until everybody who is up was scraped at `since_us` or later; says who was not.
    async fn lacks(&self, lab: &Lab, since_us: u64, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        let mut known = self.known.subscribe();
        loop {
            let missing = known.borrow_and_update().missing(&lab.directory.members(), since_us);
            if missing.is_empty() {
                return None;
            }
            if !matches!(tokio::time::timeout_at(deadline, known.changed()).await, Ok(Ok(()))) {
                let why = known.borrow().problem.clone();
                let why = why.map_or_else(String::new, |why| format!(": {why}"));
                return Some(format!("{} has no samples of {}{why}", self.address, missing.join(", ")));
            }
        }
    }

    pub(super) fn measured(&self, clock: PrometheusClock) {
        self.known.send_modify(|known| known.clock = Some(clock));
    }

    pub(super) fn answered(&self) {
        self.known.send_modify(|known| (known.answered_us, known.problem) = (Some(now_us()), None));
    }

    pub(super) fn failed(&self, problem: String) {
        self.known.send_modify(|known| known.problem = Some(problem));
    }

    pub(super) fn scraped(&self, scraped: &Scraped, at_us: u64) {
        self.known.send_modify(|known| {
            known.scraped_us.insert(scraped.instance.clone(), at_us);
            known.hole_us = known.longer((known.newest_us, at_us));
            known.newest_us = known.newest_us.max(at_us);
        });
    }

    pub(super) fn forget(&self, instance: &str) {
        self.known.send_modify(|known| {
            known.scraped_us.remove(instance);
        });
    }
}

impl Known {
    fn longer(&self, other: (u64, u64)) -> (u64, u64) {
        let length = |(from, to): (u64, u64)| to.saturating_sub(from);
        if length(other) > length(self.hole_us) { other } else { self.hole_us }
    }

    fn missing(&self, members: &[Member], since_us: u64) -> Vec<String> {
        let scraped =
            |member: &&Member| self.scraped_us.get(&member.instance).is_some_and(|at| *at >= since_us);
        let up = members.iter().filter(|member| member.state == State::Up && !member.admin.is_empty());
        up.filter(|member| !scraped(member)).map(|member| member.instance.clone()).collect()
    }
}

fn now_us() -> u64 {
    monotonic_us()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scraped(desk: &Desk, instance: &str, at_us: u64) {
        let one = Scraped { unix_ms: 0, service: String::new(), instance: instance.to_owned(), text: None };
        desk.scraped(&one, at_us);
    }

    #[test]
    fn the_longest_time_without_a_sample_is_kept() {
        let desk = Desk::new("prometheus".parse().unwrap());
        desk.begin(1_000_000);
        for at_us in [1_500_000, 2_400_000, 9_000_000, 8_900_000, 9_500_000] {
            scraped(&desk, "cart-0", at_us);
        }
        assert_eq!(desk.known.borrow().hole_us, (2_400_000, 9_000_000));
        desk.begin(10_000_000);
        scraped(&desk, "cart-0", 10_400_000);
        assert_eq!(desk.known.borrow().hole_us, (10_000_000, 10_400_000));
    }

    #[test]
    fn what_it_does_not_answer_is_told_until_it_answers() {
        let desk = Desk::new("prometheus".parse().unwrap());
        desk.failed("nobody answers".to_owned());
        assert_eq!((desk.told().problem.as_deref(), desk.told().silent_ms), (Some("nobody answers"), None));
        desk.answered();
        assert_eq!((desk.told().problem, desk.told().prometheus.as_str()), (None, "http://prometheus:9090"));
    }
}
