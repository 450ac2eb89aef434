//! `rate_limit`: 429, and when to come again. Only calls above the limit get here.

use fault::{Measure, RateLimit};

use crate::course::Answer;
use crate::record::Counts;

const TOO_MANY_REQUESTS: u16 = 429;
/// Of the rate: timers and the edges of the time that was looked at.
const SLACK: f64 = 0.05;

pub(super) fn answer(of: RateLimit) -> Answer {
    Answer::failure(TOO_MANY_REQUESTS).retry_after(Some(of.retry_after))
}

/// Calls taken each second, from the first to the last that came, without the burst that a limit
/// begins with once it is reached. Fewer than the limit is no error: it may be all that came.
pub(super) fn measure(of: RateLimit, counts: &Counts) -> Option<Measure> {
    let seconds = counts.last_seen?.saturating_sub(counts.first_seen?).as_secs_f64();
    let taken = counts.seen.saturating_sub(counts.hits) as f64;
    let burst = if counts.hits > 0 { of.burst() } else { 0.0 };
    let delivered = (taken - burst).max(0.0) / seconds;
    let slack = of.rate * SLACK + 1.0 / seconds;
    let tolerance = if delivered > of.rate { slack } else { of.rate };
    (seconds > 0.0).then(|| Measure::new("calls taken", "/s", of.rate, delivered, tolerance))
}
