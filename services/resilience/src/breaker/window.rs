//! The last n calls of a closed breaker, with running totals.

use std::collections::VecDeque;

/// One call.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    failed: bool,
    slow: bool,
}

/// The last `size` calls, each with a number that stays valid until it has left the window.
#[derive(Debug)]
pub(super) struct Window {
    size: usize,
    entries: VecDeque<Entry>,
    /// The number of the oldest entry.
    first: u64,
    failed: u32,
    slow: u32,
}

impl Window {
    pub(super) fn new(size: u32) -> Window {
        Window { size: size.max(1) as usize, entries: VecDeque::new(), first: 0, failed: 0, slow: 0 }
    }

    /// Keeps the newest calls.
    pub(super) fn resize(&mut self, size: u32) {
        self.size = size.max(1) as usize;
        self.trim();
    }

    pub(super) fn clear(&mut self) {
        self.first += self.entries.len() as u64;
        self.entries.clear();
        (self.failed, self.slow) = (0, 0);
    }

    /// Adds a call and returns its number.
    pub(super) fn push(&mut self, failed: bool, slow: bool) -> u64 {
        self.entries.push_back(Entry { failed, slow });
        self.failed += u32::from(failed);
        self.slow += u32::from(slow);
        self.trim();
        self.first + self.entries.len() as u64 - 1
    }

    /// A call that was added as slow has failed in the end. Nothing happens if it has left the window.
    pub(super) fn fail(&mut self, number: u64) {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) {
            self.failed += u32::from(!entry.failed);
            entry.failed = true;
        }
    }

    pub(super) fn calls(&self) -> u32 {
        self.entries.len() as u32
    }

    pub(super) fn failed(&self) -> u32 {
        self.failed
    }

    pub(super) fn slow(&self) -> u32 {
        self.slow
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
