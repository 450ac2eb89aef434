//! The samples of one series as a scraper saw them, one for each scrape, and the windows that slide over them.

use super::expr::Shift;
use super::grid::{Grid, is_absent};

/// Samples in order of time. A staleness mark is a value here, for those who asked for marks.
#[derive(Debug, Default)]
pub(super) struct Points {
    pub(super) times: Vec<i64>,
    pub(super) values: Vec<f64>,
}

impl Points {
    pub(super) fn clear(&mut self) {
        self.times.clear();
        self.values.clear();
    }

    pub(super) fn push(&mut self, t_ms: i64, value: f64) {
        self.times.push(t_ms);
        self.values.push(value);
    }

    /// At each step the last sample of `(t - lookback, t]`, as its index; `None` where there is none or it is a mark.
    pub(super) fn latest(
        &self,
        grid: &Grid,
        shift: Shift,
        lookback_ms: i64,
        mut take: impl FnMut(Option<usize>),
    ) {
        let mut end = 0;
        for t_ms in grid.times() {
            let t_ms = shift.apply(t_ms);
            while end < self.times.len() && self.times[end] <= t_ms {
                end += 1;
            }
            let last = end.checked_sub(1);
            take(last.filter(|&last| self.times[last] > t_ms - lookback_ms && !is_absent(self.values[last])));
        }
    }

    /// At each step the samples of `(t - range, t]`, as indices `from..to`, and the borders of the range.
    pub(super) fn windows(&self, grid: &Grid, shift: Shift, range_ms: i64, mut take: impl FnMut(Span)) {
        let (mut from, mut to) = (0, 0);
        for at_ms in grid.times() {
            let end_ms = shift.apply(at_ms);
            let start_ms = end_ms - range_ms;
            while to < self.times.len() && self.times[to] <= end_ms {
                to += 1;
            }
            while from < to && self.times[from] <= start_ms {
                from += 1;
            }
            take(Span { from, to, start_ms, end_ms, at_ms });
        }
    }
}

/// The samples of one window: `from..to` of the points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The borders of the range; its start is not part of it.
    pub(super) start_ms: i64,
    pub(super) end_ms: i64,
    /// When the question was asked: the end, without `offset` and `@`.
    pub(super) at_ms: i64,
}

impl Span {
    pub(super) fn len(&self) -> usize {
        self.to - self.from
    }

    pub(super) fn is_empty(&self) -> bool {
        self.from == self.to
    }
}
