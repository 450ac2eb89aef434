//! Fetching: each second what the Prometheus has scraped since, to everybody who wants samples.
//!
//! A scrape carries the time at which it began and can be asked for when it has ended, so each question reaches back over
//! what was asked before, and of each instance only what is younger than its cursor is taken. When a Prometheus was not
//! reached for a while, the next question reaches back to the last answer: nothing is lost that it has.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use process::monotonic_us;

use crate::causes::chain;
use crate::gauges::{Gauges, Reading};
use crate::lab::Lab;

use super::address::encoded;
use super::clock::{self, PrometheusClock};
use super::desk::SILENT_US;
use super::read::{self, Cursors, Scraped};

/// Which series are the lab's: those of the job that the shipped configuration scrapes it as.
const SERIES: &str = "{job=\"firedrill\"}";
/// A scrape may end so long after it began, and its answer be later still.
const LATE_US: u64 = 2_000_000;
/// What is older than this is not asked for; a run with such a hole is void anyway.
const MOST_SECONDS: u64 = 300;
/// For an answer, and for each second that it tells of. A late answer is better than none: the tick waits for it.
const PATIENCE: Duration = Duration::from_secs(2);
const PATIENCE_A_SECOND: Duration = Duration::from_millis(50);
/// Between two looks at the clocks, and at what the metrics mean.
const LOOK_AGAIN_US: u64 = 30_000_000;
/// The series of the controller are in the window alone, as when it scrapes itself.
const CONTROLLER: &str = "controller";

/// Where the fetching stands.
#[derive(Debug, Default)]
pub(crate) struct Source {
    cursors: Cursors,
    /// Of each instance: its service, and on our clock its last scrape.
    last: BTreeMap<String, (String, u64)>,
    clock: Option<PrometheusClock>,
    answered_us: Option<u64>,
    looked_us: Option<u64>,
    failing: bool,
}

impl Source {
    /// Fetches what is new and hands it on.
    pub(crate) async fn fetch(&mut self, lab: &Lab, gauges: &mut Gauges) {
        let Some(desk) = &lab.prometheus else { return };
        self.look(lab).await;
        let asked_us = monotonic_us();
        let since_us = self.answered_us.map_or(0, |at| asked_us.saturating_sub(at));
        let seconds = ((since_us + LATE_US).div_ceil(1_000_000) + 1).min(MOST_SECONDS);
        let query = encoded(&format!("{SERIES}[{seconds}s]"));
        let patience = PATIENCE + PATIENCE_A_SECOND * seconds as u32;
        let answer = desk.address.ask(&format!("/api/v1/query?query={query}"), patience).await;
        let scrapes = match answer {
            Ok(body) => read::scrapes(&body, &self.cursors).map_err(|error| chain(&error)),
            Err(error) => Err(chain(&error)),
        };
        let (scrapes, clock) = match (scrapes, self.clock) {
            (Ok(scrapes), Some(clock)) => (scrapes, clock),
            (Ok(_), None) => return self.failed(lab, gauges, "its clock could not be read".to_owned()),
            (Err(problem), _) => return self.failed(lab, gauges, problem),
        };
        if std::mem::take(&mut self.failing) {
            tracing::info!(prometheus = %desk.address, "samples come again");
        }
        self.answered_us = Some(asked_us);
        desk.answered();
        for scraped in scrapes {
            self.hand_on(lab, gauges, scraped, clock);
        }
        self.end_the_silent(lab, gauges, asked_us);
    }

    /// Measures the clock, but never in a run: all of its samples are told by the same.
    async fn look(&mut self, lab: &Lab) {
        let Some(desk) = &lab.prometheus else { return };
        let due = self.looked_us.is_none_or(|at| monotonic_us() >= at + LOOK_AGAIN_US);
        if !(due || self.clock.is_none()) {
            return;
        }
        let measured = clock::measure(&desk.address).await;
        if let Some(measured) = measured.filter(|_| self.clock.is_none() || lab.active_run().is_none()) {
            self.clock = Some(measured);
            desk.measured(measured);
        }
        let described = desk.address.ask("/api/v1/metadata", PATIENCE).await.ok();
        if let Some(text) = described.and_then(|body| read::described(&body).ok()) {
            lab.samples.described(text.into());
            self.looked_us = Some(monotonic_us());
        }
    }

    fn hand_on(&mut self, lab: &Lab, gauges: &mut Gauges, scraped: Scraped, clock: PrometheusClock) {
        self.cursors.insert(scraped.instance.clone(), scraped.unix_ms);
        let last = self.last.get(&scraped.instance).map_or(0, |(_, last)| *last);
        // Times never go back for an instance, even when a clock was set back between two runs.
        let at_us = clock.at_us(scraped.unix_ms).max(last);
        self.last.insert(scraped.instance.clone(), (scraped.service.clone(), at_us));
        if let Some(desk) = &lab.prometheus {
            desk.scraped(&scraped, at_us);
        }
        give(lab, gauges, at_us, &scraped.service, &scraped.instance, scraped.text);
    }

    /// A target that is no longer one has no more `up`, and no mark of staleness comes with these answers.
    fn end_the_silent(&mut self, lab: &Lab, gauges: &mut Gauges, asked_us: u64) {
        let silent = |last: u64| last + SILENT_US + LATE_US < asked_us;
        // While nobody is scraped it is the Prometheus that is silent.
        if self.last.values().all(|(_, last)| silent(*last)) {
            return;
        }
        let gone = self.last.extract_if(.., |_, (_, last)| silent(*last)).collect::<Vec<_>>();
        for (instance, (service, last)) in gone {
            give(lab, gauges, last + SILENT_US, &service, &instance, None);
            if let Some(desk) = &lab.prometheus {
                desk.forget(&instance);
            }
        }
    }

    fn failed(&mut self, lab: &Lab, gauges: &mut Gauges, problem: String) {
        let Some(desk) = &lab.prometheus else { return };
        if !std::mem::replace(&mut self.failing, true) {
            tracing::warn!(prometheus = %desk.address, problem, "no samples come");
        }
        desk.failed(problem);
        // What was true some seconds ago is not the pulse of now.
        if self.answered_us.is_none_or(|at| at + SILENT_US < monotonic_us()) {
            *gauges = Gauges::default();
        }
    }
}

/// One scrape, to the run, to the pulse and to the window.
fn give(lab: &Lab, gauges: &mut Gauges, at_us: u64, service: &str, instance: &str, text: Option<String>) {
    if service != CONTROLLER {
        if let Some(book) = lab.book() {
            book.scraped(at_us, service, instance, text.as_deref());
        }
        gauges.take(service, instance, text.as_deref().map(Reading::of));
    }
    let t_ms = at_us.saturating_sub(lab.start_us) / 1_000;
    lab.samples.scraped(t_ms, service, instance, text.map(Bytes::from));
}
