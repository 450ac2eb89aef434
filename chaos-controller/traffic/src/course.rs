//! A load being offered: its schedule, laid over the clock, and what of it is this process's.

use std::time::{Duration, Instant};

use proto::control::{Load, LoadStatus};

use crate::journey::Requests;
use crate::schedule::{Arrival, Schedule, ScheduleError};
use crate::share::Shares;

/// Arrivals of others that are passed over before something else gets its turn: who joins late has many to pass.
const PASSED_AT_ONCE: usize = 1_000;

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
    shares: Shares,
}

impl Course {
    /// Begins at the load's zero, which may be over; now, if it has none.
    pub(crate) fn begin(load: &Load, schedule: Schedule) -> Self {
        let (now_us, now) = (process::monotonic_us(), Instant::now());
        let started_us = if load.started_us == 0 { now_us } else { load.started_us };
        let ago = Duration::from_micros(now_us.saturating_sub(started_us));
        let ahead = Duration::from_micros(started_us.saturating_sub(now_us));
        Self {
            generation: load.generation,
            requests: Requests::new(load.seed, load.generation, load.patience_ms),
            patience: Duration::from_millis(load.patience_ms),
            sent: 0,
            started_us,
            started: now.checked_sub(ago).unwrap_or(now) + ahead,
            schedule,
            shares: Shares::new(&load.shares),
        }
    }

    /// Goes on under other surges, and with another share.
    pub(crate) fn change(&mut self, load: &Load) -> Result<(), ScheduleError> {
        self.schedule.resurge(&load.surges)?;
        let shares = Shares::new(&load.shares);
        let late = self.started.elapsed().saturating_sub(Duration::from_micros(shares.newest_us()));
        if shares != self.shares && !late.is_zero() {
            let late_ms = late.as_millis() as u64;
            tracing::warn!(
                late_ms,
                "a share was heard of too late: some requests were sent twice, or by nobody"
            );
        }
        self.shares = shares;
        Ok(())
    }

    /// When an arrival is meant to be sent.
    pub(crate) fn intended(&self, arrival: &Arrival) -> Instant {
        self.started + Duration::from_micros(arrival.intended_us)
    }

    /// When the next arrival of ours is due. Shares may yet change, so those of others are looked over and not passed.
    pub(crate) fn next_arrival(&self) -> Option<Instant> {
        let mut next_us = self.schedule.next_us()?;
        if !self.shares.is_all() {
            for arrival in self.schedule.clone().take(PASSED_AT_ONCE) {
                // Where none of so many is ours, the last one's time is early enough to look again.
                next_us = arrival.intended_us;
                if self.shares.takes(&arrival) {
                    break;
                }
            }
        }
        Some(self.started + Duration::from_micros(next_us))
    }

    /// The next arrival of ours, if it is due by `now`. Those of others that are due are passed over.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Arrival> {
        for _ in 0..PASSED_AT_ONCE {
            let due = self.started + Duration::from_micros(self.schedule.next_us()?);
            if due > now {
                return None;
            }
            let arrival = self.schedule.next()?;
            if self.shares.takes(&arrival) {
                return Some(arrival);
            }
        }
        None
    }

    /// Where it stands. Requests whose time has come and that are not sent are
    /// offered too: a frozen generator owes them.
    pub(crate) fn status(&self, now: Instant) -> LoadStatus {
        let elapsed_us = now.saturating_duration_since(self.started).as_micros();
        let due = self.schedule.clone().take_while(|arrival| u128::from(arrival.intended_us) <= elapsed_us);
        let owed = due.filter(|arrival| self.shares.takes(arrival)).count() as u64;
        LoadStatus {
            generation: self.generation,
            started_us: self.started_us,
            offered: self.sent + owed,
            sent: self.sent,
            in_flight: 0,
        }
    }
}
