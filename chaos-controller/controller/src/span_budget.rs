//! How much of `spans.jsonl` a moment may take. A run's file is bounded, and a run may be a minute or an hour: if who came
//! first took it all, a long run would have no picture of its end. So what is left is spread over the time that is left.
//!
//! ```text
//! every 5 s:  share = (bytes left / seconds left) / (bytes that came a second)      at most 1
//! ```
//!
//! A trace is kept or left out as a whole, by its id, as everywhere in the lab. Only one that lasts through a change of
//! the share may be cut.

use std::time::Duration;

use evidence::traces::TraceId;

/// The size of the file. Spans are an illustration, never a measure: a minute of the default drill at full scale and a
/// tenth of its traces is some 20 MB, so this holds its five minutes twice.
const LIMIT_BYTES: u64 = 256 << 20;
/// The share is found anew this often.
const ROUND_MS: u64 = 5_000;
/// A run that is longer than it was planned goes on with what it has for so long.
const LEAST_LEFT_MS: u64 = 30_000;

/// The budget of one run.
#[derive(Debug)]
pub(crate) struct SpanBudget {
    ends_ms: u64,
    left: u64,
    share: f64,
    round_from: u64,
    came: u64,
}

impl SpanBudget {
    /// Of a run that takes at most so long.
    pub(crate) fn new(longest: Duration) -> Self {
        let ends_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        Self { ends_ms, left: LIMIT_BYTES, share: 1.0, round_from: 0, came: 0 }
    }

    /// Whether a span of this trace, so many bytes at this time of the run, is written down.
    pub(crate) fn takes(&mut self, t_ms: u64, trace: TraceId, bytes: usize) -> bool {
        let bytes = bytes as u64;
        if t_ms >= self.round_from + ROUND_MS {
            self.next_round(t_ms);
        }
        self.came += bytes;
        let kept = place(trace) < self.share && bytes <= self.left;
        if kept {
            self.left -= bytes;
        }
        kept
    }

    fn next_round(&mut self, t_ms: u64) {
        let per_ms = self.came as f64 / (t_ms - self.round_from) as f64;
        let time_left = self.ends_ms.saturating_sub(t_ms).max(LEAST_LEFT_MS);
        let affordable = self.left as f64 / time_left as f64;
        self.share = if per_ms > affordable { affordable / per_ms } else { 1.0 };
        (self.round_from, self.came) = (t_ms, 0);
    }
}

/// Where an id lies between 0 and 1. Its high half decides whether a process sends the trace at all, so this is the other.
fn place(trace: TraceId) -> f64 {
    let low = trace.0 as u64;
    // Ids are random, but nothing is lost by not relying on it.
    (low.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes written in each tenth of a run of so many seconds, in which 1,000 spans of 500 bytes come a second.
    fn written(seconds: u64, planned: u64) -> Vec<u64> {
        let mut budget = SpanBudget::new(Duration::from_secs(planned));
        let mut tenths = vec![0; 10];
        for t_ms in 0..seconds * 1_000 {
            let trace = TraceId(u128::from(t_ms).wrapping_mul(0xD134_2543_DE82_EF95_1234_5678_9ABC_DEF1));
            if budget.takes(t_ms, trace, 500) {
                tenths[(t_ms * 10 / (seconds * 1_000)) as usize] += 500;
            }
        }
        tenths
    }

    #[test]
    fn a_short_run_is_written_down_whole() {
        assert_eq!(written(100, 300).iter().sum::<u64>(), 100 * 1_000 * 500);
    }

    #[test]
    fn a_long_run_has_as_much_of_its_end_as_of_its_beginning() {
        let tenths = written(3_000, 3_000);
        let all: u64 = tenths.iter().sum();
        assert!(all <= LIMIT_BYTES && all > LIMIT_BYTES * 9 / 10, "{all}");
        let (least, most) = (tenths.iter().min().unwrap(), tenths.iter().max().unwrap());
        assert!(*least as f64 > 0.8 * *most as f64, "{tenths:?}");
    }

    #[test]
    fn a_run_that_overruns_its_plan_stays_within_the_file() {
        let all: u64 = written(3_000, 1_000).iter().sum();
        assert!(all <= LIMIT_BYTES, "{all}");
    }

    #[test]
    fn the_spans_of_a_trace_are_kept_or_left_out_together() {
        let mut budget = SpanBudget::new(Duration::from_secs(1_000_000));
        for t_ms in 0..20_000u64 {
            budget.takes(t_ms, TraceId(u128::from(t_ms)), 5_000);
        }
        for id in 1_000u128..1_200 {
            let first = budget.takes(20_001, TraceId(id), 10);
            assert_eq!(budget.takes(20_001, TraceId(id), 10), first);
        }
    }
}
