//! A window of samples, and what an algorithm is told of it.

use std::time::Duration;

/// What a window came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// The mean latency in seconds; none if every call was dropped. The mean, as Netflix has it: Envoy's median does
    /// not see a callee that is slow for four calls in ten. Of a call that was given up it holds the age, which is less
    /// than its latency would have been.
    pub(super) latency: Option<f64>,
    /// The mean latency of the calls that were answered.
    pub(super) answered: Option<f64>,
    /// The share of calls that timed out or were refused by the callee, 0 to 1.
    pub(super) dropped: f64,
    /// The most calls that were in flight at once.
    pub(super) in_flight: u32,
}

impl Sample {
    /// Whether the application asked for less than half of the limit. Such a window says nothing about a higher limit,
    /// so none of the algorithms grows on it (Netflix).
    pub(super) fn is_app_limited(&self, limit: f64) -> bool {
        f64::from(self.in_flight) * 2.0 < limit
    }

    /// A latency that may be learned as normal: of answered calls, in a window in which none was dropped.
    pub(super) fn normal(&self) -> Option<f64> {
        self.answered.filter(|_| self.dropped == 0.0)
    }
}

/// Samples being gathered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    opened: Duration,
    /// When the first call in it ended.
    first: Option<Duration>,
    /// Summed up.
    latency: Duration,
    answered: u32,
    longest: Duration,
    age: Duration,
    given_up: u32,
    dropped: u32,
    in_flight: u32,
}

impl Window {
    pub(super) fn new(now: Duration, in_flight: u32) -> Window {
        Window {
            opened: now,
            first: None,
            latency: Duration::ZERO,
            answered: 0,
            longest: Duration::ZERO,
            age: Duration::ZERO,
            given_up: 0,
            dropped: 0,
            in_flight,
        }
    }

    /// Since when it gathers: from the first call that ended, or the quickest calls of each limit would be all that it
    /// ever sees. From its beginning while none has.
    pub(super) fn since(&self) -> Duration {
        self.first.unwrap_or(self.opened)
    }

    pub(super) fn saw(&mut self, in_flight: u32) {
        self.in_flight = self.in_flight.max(in_flight);
    }

    /// A call that took `age`, and counts as `latency`.
    pub(super) fn answered(&mut self, age: Duration, latency: Duration, now: Duration) {
        self.first.get_or_insert(now);
        self.longest = self.longest.max(age);
        self.latency += latency;
        self.answered += 1;
    }

    pub(super) fn given_up(&mut self, age: Duration, now: Duration) {
        self.first.get_or_insert(now);
        self.age += age;
        self.given_up += 1;
    }

    pub(super) fn dropped(&mut self, now: Duration) {
        self.first.get_or_insert(now);
        self.dropped += 1;
    }

    /// In seconds, of the calls that were answered.
    pub(super) fn longest(&self) -> Option<f64> {
        (self.answered > 0).then_some(self.longest.as_secs_f64())
    }

    pub(super) fn calls(&self) -> u32 {
        self.answered + self.given_up + self.dropped
    }

    /// What it came to; none if no call ended.
    pub(super) fn sample(&self) -> Option<Sample> {
        let calls = self.calls();
        (calls > 0).then(|| Sample {
            latency: mean(self.latency + self.age, self.answered + self.given_up),
            answered: mean(self.latency, self.answered),
            dropped: f64::from(self.dropped) / f64::from(calls),
            in_flight: self.in_flight,
        })
    }
}

fn mean(sum: Duration, count: u32) -> Option<f64> {
    (count > 0).then(|| sum.as_secs_f64() / f64::from(count))
}

/// A number in `0..1` from a seed, for waits that must not fall together: nothing here draws.
pub(super) fn spread(seed: u64) -> f64 {
    // SplitMix64's finaliser (Steele, Lea and Flood 2014).
    let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
