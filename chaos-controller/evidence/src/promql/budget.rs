//! What one question may cost. Nobody can tell from a text how much it will look at, so the evaluation counts as it goes,
//! before it reserves memory, and gives up in time.

use std::cell::Cell;

use super::failed::Failed;
use super::select::Track;

/// A value that is kept costs this many samples that are only looked at.
const VALUE: u64 = 2;
/// What is kept for a group at a step is larger than a value.
const GROUP: u64 = 10;
/// The labels of a series weigh as much as this many values.
const LABELS: u64 = 16;

/// What is left of it; one for each evaluation.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    left: Cell<u64>,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Self {
        Budget { limit, left: Cell::new(limit) }
    }

    /// So many samples are looked at.
    ///
    /// # Errors
    /// There is not so much left.
    pub(super) fn look(&self, samples: u64) -> Result<(), Failed> {
        match self.left.get().checked_sub(samples) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(Failed::TooMuch { limit: self.limit }),
        }
    }

    /// So many values are kept.
    ///
    /// # Errors
    /// There is not so much left.
    pub(super) fn keep(&self, values: usize) -> Result<(), Failed> {
        self.look((values as u64).saturating_mul(VALUE))
    }

    /// A group with so many steps is begun.
    ///
    /// # Errors
    /// There is not so much left.
    pub(super) fn group(&self, steps: usize) -> Result<(), Failed> {
        self.look((steps as u64).saturating_mul(GROUP).saturating_add(LABELS))
    }

    /// Every value of a vector is looked at once, and its labels.
    ///
    /// # Errors
    /// There is not so much left.
    pub(super) fn pass(&self, tracks: &[Track<'_>]) -> Result<(), Failed> {
        let steps = tracks.first().map_or(0, |track| track.values.len());
        self.look((tracks.len() as u64).saturating_mul(steps as u64 + LABELS))
    }
}
