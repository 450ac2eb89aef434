//! The last n calls, each on its own, with running totals.

use std::collections::VecDeque;

use super::Seen;

/// One call.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    failed: bool,
    slow: bool,
}

/// The last `size` calls.
#[derive(Debug)]
pub(crate) struct CountWindow {
    size: usize,
    entries: VecDeque<Entry>,
    /// The number of the oldest entry.
    first: u64,
    failed: u32,
    slow: u32,
}

impl CountWindow {
    pub(super) fn new(size: u32, first: u64) -> CountWindow {
        CountWindow { size: size.max(1) as usize, entries: VecDeque::new(), first, failed: 0, slow: 0 }
    }

    /// Keeps the newest calls.
    pub(super) fn resize(&mut self, size: u32) {
        self.size = size.max(1) as usize;
        self.trim();
    }

    pub(super) fn clear(&mut self) {
        self.first = self.next();
        self.entries.clear();
        (self.failed, self.slow) = (0, 0);
    }

    /// The number of the next call.
    pub(super) fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub(super) fn push(&mut self, failed: bool, slow: bool) -> u64 {
        let number = self.next();
        self.entries.push_back(Entry { failed, slow });
        self.failed += u32::from(failed);
        self.slow += u32::from(slow);
        self.trim();
        number
    }

    pub(super) fn fail(&mut self, number: u64) {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) {
            self.failed += u32::from(!entry.failed);
            entry.failed = true;
        }
    }

    pub(super) fn seen(&self) -> Seen {
        Seen { calls: self.entries.len() as u32, failed: self.failed, slow: self.slow }
    }

    fn trim(&mut self) {
        while self.entries.len() > self.size {
            if let Some(gone) = self.entries.pop_front() {
                self.first += 1;
                self.failed -= u32::from(gone.failed);
                self.slow -= u32::from(gone.slow);
            }
        }
    }
}
