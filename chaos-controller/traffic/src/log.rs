//! The request log between two reports: batches by load, bounded, with what did
//! not fit counted. Sending it is `report`'s business.

use proto::control::{RequestBatch, RequestRecord};

/// Records that may wait for the controller: two minutes of the default rates,
/// twice what the guard gives a lab without its controller. About 5 MB.
const MAX_WAITING: usize = 131_072;
/// Records of one batch; 5,000 take about 150 KB on the wire, far below gRPC's
/// 4 MB limit of a message.
const MAX_BATCH: usize = 5_000;

/// Records of ended requests that nobody has taken yet.
#[derive(Debug)]
pub(crate) struct RequestLog {
    batches: Vec<RequestBatch>,
    waiting: usize,
    limit: usize,
    lost: u64,
}

impl Default for RequestLog {
    fn default() -> Self {
        Self::new(MAX_WAITING)
    }
}

impl RequestLog {
    /// A log that holds at most `limit` records.
    #[must_use]
    pub(crate) fn new(limit: usize) -> Self {
        Self { batches: Vec::new(), waiting: 0, limit, lost: 0 }
    }

    /// Adds a record of a load that started at `started_us`. Without room it is
    /// the new record that is lost, and counted: the older ones show how it began.
    pub(crate) fn push(&mut self, generation: u64, started_us: u64, record: RequestRecord) {
        if self.waiting >= self.limit {
            self.lost += 1;
            return;
        }
        self.waiting += 1;
        // Two loads at most have requests in flight; the newest is looked at first.
        let open = self.batches.iter_mut().rev().find(|batch| {
            batch.generation == generation
                && batch.started_us == started_us
                && batch.records.len() < MAX_BATCH
        });
        if let Some(batch) = open {
            batch.records.push(record);
        } else {
            self.batches.push(RequestBatch { generation, started_us, records: vec![record] });
        }
    }

    /// Takes all batches, oldest first. They keep their room until [`settle`].
    ///
    /// [`settle`]: Self::settle
    pub(crate) fn take(&mut self) -> Vec<RequestBatch> {
        std::mem::take(&mut self.batches)
    }

    /// Records that were taken have arrived: their room is free again.
    pub(crate) fn settle(&mut self, records: usize) {
        self.waiting = self.waiting.saturating_sub(records);
    }

    /// Records that did not fit, since the beginning.
    #[must_use]
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(index: u64) -> RequestRecord {
        RequestRecord { index, ..RequestRecord::default() }
    }

    #[test]
    fn records_are_kept_by_load() {
        let mut log = RequestLog::default();
        log.push(1, 100, record(0));
        log.push(2, 200, record(0));
        log.push(1, 100, record(1));
        let batches = log.take();
        assert_eq!(batches.len(), 2);
        assert_eq!((batches[0].generation, batches[0].records.len()), (1, 2));
        assert_eq!((batches[1].generation, batches[1].started_us), (2, 200));
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut log = RequestLog::new(10);
        (0..15).for_each(|index| log.push(1, 0, record(index)));
        assert_eq!((log.waiting, log.lost()), (10, 5));
        assert_eq!(log.take()[0].records.last().unwrap().index, 9);
    }

    #[test]
    fn records_on_their_way_still_take_room() {
        let mut log = RequestLog::new(10);
        (0..10).for_each(|index| log.push(1, 0, record(index)));
        assert_eq!(log.take().len(), 1);
        log.push(1, 0, record(10));
        assert_eq!(log.lost(), 1);
        log.settle(10);
        log.push(1, 0, record(11));
        assert_eq!((log.waiting, log.lost()), (1, 1));
    }

    #[test]
    fn no_batch_outgrows_a_message() {
        let mut log = RequestLog::default();
        (0..12_000).for_each(|index| log.push(1, 0, record(index)));
        assert_eq!(
            log.take().iter().map(|batch| batch.records.len()).collect::<Vec<_>>(),
            [5_000, 5_000, 2_000]
        );
    }
}
