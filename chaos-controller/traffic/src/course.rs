//! A load being offered: its schedule, laid over the clock.

use std::time::{Duration, Instant};

use proto::control::{Load, LoadStatus, Surge};

use crate::journey::Requests;
use crate::schedule::{Arrival, Schedule, ScheduleError};

/// A load being offered.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) generation: u64,
    pub(crate) requests: Requests,
    pub(crate) patience: Duration,
    /// Requests sent, or tried to.
    pub(crate) sent: u64,
    /// The schedule's zero in microseconds of this process's clock.
    pub(crate) started_us: u64,
    /// The same, on the timer's clock.
    started: Instant,
    schedule: Schedule,
}

impl Course {
    /// Begins now.
    pub(crate) fn begin(load: &Load, schedule: Schedule) -> Self {
        Self {
            generation: load.generation,
            requests: Requests::new(load.seed, load.generation, load.patience_ms),
            patience: Duration::from_millis(load.patience_ms),
            sent: 0,
            started_us: process::monotonic_us(),
            started: Instant::now(),
            schedule,
        }
    }

    /// Goes on under other surges.
    pub(crate) fn resurge(&mut self, surges: &[Surge]) -> Result<(), ScheduleError> {
        self.schedule.resurge(surges)
    }

    /// When an arrival is meant to be sent.
    pub(crate) fn intended(&self, arrival: &Arrival) -> Instant {
        self.started + Duration::from_micros(arrival.intended_us)
    }

    /// When the next arrival is due.
    pub(crate) fn next_arrival(&self) -> Option<Instant> {
        self.schedule.next_us().map(|us| self.started + Duration::from_micros(us))
    }

    /// The next arrival, if it is due by `now`.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Arrival> {
        if self.next_arrival()? > now { None } else { self.schedule.next() }
    }

    /// Where it stands. Requests whose time has come and that are not sent are
    /// offered too: a frozen generator owes them.
    pub(crate) fn status(&self, now: Instant) -> LoadStatus {
        let elapsed_us = now.saturating_duration_since(self.started).as_micros();
        let owed =
            self.schedule.clone().take_while(|arrival| u128::from(arrival.intended_us) <= elapsed_us).count()
                as u64;
        LoadStatus {
            generation: self.generation,
            started_us: self.started_us,
            offered: self.sent + owed,
            sent: self.sent,
            in_flight: 0,
        }
    }
}
