//! The user's eye: request records as the generator reports them, added to the last seconds' aggregates, and to the
//! recording while a run is on.

use std::sync::atomic::Ordering;

use evidence::{Outcome, Request};
use proto::control::{RequestBatch, RequestRecord};

use crate::lab::Lab;

/// Takes one batch.
pub(crate) fn record(lab: &Lab, batch: &RequestBatch) {
    let mut live = lab.live();
    for record in &batch.records {
        let ended_us = batch.started_us + record.intended_us + u64::from(record.latency_us);
        if let Some(outcome) = outcome(record) {
            live.record(ended_us, record.journey as usize, u64::from(record.latency_us), outcome);
        }
    }
    drop(live);
    let Some(book) = lab.book().filter(|book| book.recording()) else { return };
    // By generation and not by time: the clock of a process that has just joined is known to some milliseconds only.
    if batch.generation != book.load_generation() {
        return;
    }
    let offset_us = batch.started_us as i64 - book.start_us as i64;
    let mut unreadable = 0;
    let requests: Vec<Request> = batch
        .records
        .iter()
        .filter_map(|record| {
            let request = of_run(record, offset_us);
            unreadable += u64::from(request.is_none());
            request
        })
        .collect();
    book.lost_records.fetch_add(unreadable, Ordering::Relaxed);
    book.requested(&requests);
    if let Some(run) = lab.active_run() {
        run.spent.take(&run.plan.load, &requests);
    }
}

fn of_run(record: &RequestRecord, offset_us: i64) -> Option<Request> {
    Some(Request {
        intended_us: record.intended_us.saturating_add_signed(offset_us),
        journey: u8::try_from(record.journey).ok()?,
        index: record.index,
        user: record.user,
        lateness_us: u64::from(record.lateness_us),
        latency_us: u64::from(record.latency_us),
        outcome: outcome(record)?,
    })
}

/// The wire's zero is "unspecified", so its numbers are one above the recording's.
fn outcome(record: &RequestRecord) -> Option<Outcome> {
    let number = record.outcome.checked_sub(1)?;
    Outcome::from_number(u8::try_from(number).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_those_of_the_wire_less_one() {
        use proto::control::Outcome as Wire;
        for (wire, known) in [
            (Wire::Ok, Some(Outcome::Ok)),
            (Wire::Pending, Some(Outcome::Pending)),
            (Wire::Http503, Some(Outcome::Unavailable)),
            (Wire::Http504, Some(Outcome::Timeout)),
            (Wire::HttpOther, Some(Outcome::Other)),
            (Wire::GaveUp, Some(Outcome::GaveUp)),
            (Wire::Connection, Some(Outcome::Connection)),
            (Wire::Wrong, Some(Outcome::Wrong)),
            (Wire::Unspecified, None),
        ] {
            let record = RequestRecord { outcome: wire.into(), ..RequestRecord::default() };
            assert_eq!(outcome(&record), known);
        }
    }

    #[test]
    fn times_become_those_of_the_run() {
        let record = RequestRecord { intended_us: 5, outcome: 1, journey: 4, ..RequestRecord::default() };
        let intended = |offset_us| of_run(&record, offset_us).map(|request| request.intended_us);
        assert_eq!((intended(100), intended(-100)), (Some(105), Some(0)));
    }
}
