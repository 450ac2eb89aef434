//! The instants that a query is asked at, and what "no value" is at one of them.

use crate::samples::STALE;

/// `count` instants, `step_ms` apart. Times are signed: a subquery may look before the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) start_ms: i64,
    pub(super) step_ms: i64,
    pub(super) count: usize,
}

impl Grid {
    pub(super) fn instant(t_ms: i64) -> Self {
        Grid { start_ms: t_ms, step_ms: 1, count: 1 }
    }

    pub(super) fn at(&self, index: usize) -> i64 {
        self.start_ms + self.step_ms * index as i64
    }

    pub(super) fn times(&self) -> impl Iterator<Item = i64> + '_ {
        (0..self.count).map(|index| self.at(index))
    }
}

/// No value at this step. It has the bits of a staleness mark, a signalling NaN, which no arithmetic gives.
pub(super) const ABSENT: f64 = STALE;

pub(super) fn is_absent(value: f64) -> bool {
    value.to_bits() == ABSENT.to_bits()
}
