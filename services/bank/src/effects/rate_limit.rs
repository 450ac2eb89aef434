//! `rate_limit`: 429, and when to come again. Only calls above the limit get here.

use fault::{Measure, RateLimit};

use crate::course::Answer;
use crate::record::Counts;

const TOO_MANY_REQUESTS: u16 = 429;
/// A tenth of a second's burst and the call that tips it, over the time that was looked at.
const SLACK: f64 = 0.1;

pub(super) fn answer(of: RateLimit) -> Answer {
    Answer::failure(TOO_MANY_REQUESTS).retry_after(Some(of.retry_after))
}

/// Calls taken each second, from the first to the last that came. Fewer than the limit is no
/// error: it may be all that came.
pub(super) fn measure(of: RateLimit, counts: &Counts) -> Option<Measure> {
    let seconds = counts.last_seen?.saturating_sub(counts.first_seen?).as_secs_f64();
    let taken = counts.seen.saturating_sub(counts.hits) as f64;
    let delivered = taken / seconds;
    let slack = of.rate * 0.05 + (of.rate * SLACK + 1.0) / seconds;
    let tolerance = if delivered > of.rate { slack } else { of.rate };
    (seconds > 0.0).then(|| Measure::new("calls taken", "/s", of.rate, delivered, tolerance))
}
