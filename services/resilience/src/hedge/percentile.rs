//! A percentile of the last latencies, from two histograms that take turns: half a minute of news, and what was before.
//!
//! Buckets grow by a twentieth, so a percentile is right within 5 %. Both histograms count, so that a turn of the
//! second hand is no loss of memory. Exact order statistics would have to keep every sample.

use std::time::Duration;

/// Bucket n ends at `SHORTEST x GROWTH^n`: from 10 us to beyond 10 minutes.
const SHORTEST: f64 = 10e-6;
const GROWTH: f64 = 1.05;
const BUCKETS: usize = 370;
/// A histogram counts for so long, and for as long again as the older one.
const TURN: Duration = Duration::from_secs(30);
/// A percentile is worked out again after so many samples.
const STALE_AFTER: u32 = 32;

/// Latencies of half a minute to a minute.
#[derive(Debug)]
pub struct Latencies {
    newer: Box<[u32; BUCKETS]>,
    older: Box<[u32; BUCKETS]>,
    newer_count: u64,
    older_count: u64,
    turned: Option<Duration>,
    /// The last answers, by what was asked; empty when too much has come since.
    answers: Vec<(f64, Option<Duration>)>,
    since: u32,
}

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies {
            newer: Box::new([0; BUCKETS]),
            older: Box::new([0; BUCKETS]),
            newer_count: 0,
            older_count: 0,
            turned: None,
            answers: Vec::new(),
            since: 0,
        }
    }
}

impl Latencies {
    pub fn record(&mut self, took: Duration, now: Duration) {
        let turned = *self.turned.get_or_insert(now);
        if now.saturating_sub(turned) >= TURN {
            std::mem::swap(&mut self.newer, &mut self.older);
            self.older_count = self.newer_count;
            self.newer.fill(0);
            self.newer_count = 0;
            self.turned = Some(now);
            self.answers.clear();
        }
        let bucket = (took.as_secs_f64() / SHORTEST).max(1.0).log(GROWTH).ceil() as usize;
        self.newer[bucket.min(BUCKETS - 1)] += 1;
        self.newer_count += 1;
        self.since += 1;
        if self.since >= STALE_AFTER {
            self.since = 0;
            self.answers.clear();
        }
    }

    /// How many latencies there are.
    pub fn count(&self) -> u64 {
        self.newer_count + self.older_count
    }

    /// The latency that this share of the calls does not exceed; none of none.
    pub fn percentile(&mut self, share: f64) -> Option<Duration> {
        if let Some((_, answer)) = self.answers.iter().find(|(asked, _)| *asked == share) {
            return *answer;
        }
        let answer = self.work_out(share);
        self.answers.push((share, answer));
        answer
    }

    fn work_out(&self, share: f64) -> Option<Duration> {
        let wanted = (share * self.count() as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let counts = self.newer.iter().zip(self.older.iter());
        let (bucket, _) = counts.enumerate().find(|(_, (newer, older))| {
            seen += u64::from(**newer) + u64::from(**older);
            seen >= wanted
        })?;
        Some(Duration::from_secs_f64(SHORTEST * GROWTH.powi(bucket as i32)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(latencies: &mut Latencies, share: f64) -> f64 {
        latencies.percentile(share).unwrap().as_secs_f64() * 1e3
    }

    #[test]
    fn a_percentile_is_right_within_a_twentieth() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(0.5), None);
        for sample in 1..=1_000 {
            latencies.record(Duration::from_millis(sample), Duration::ZERO);
        }
        for (share, exact) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let found = millis(&mut latencies, share);
            assert!((exact..exact * 1.051).contains(&found), "{share}: {found}");
        }
    }

    #[test]
    fn what_is_older_than_a_minute_is_forgotten_and_what_is_younger_than_half_is_not() {
        let mut latencies = Latencies::default();
        let at = Duration::from_secs;
        (0..100).for_each(|_| latencies.record(Duration::from_millis(10), at(0)));
        latencies.record(Duration::from_secs(1), at(30));
        assert_eq!(latencies.count(), 101);
        assert!(millis(&mut latencies, 0.5) < 11.0);
        latencies.record(Duration::from_secs(1), at(60));
        assert_eq!(latencies.count(), 2);
        assert!(millis(&mut latencies, 0.5) > 990.0);
    }

    #[test]
    fn no_latency_is_out_of_range() {
        let mut latencies = Latencies::default();
        for took in [Duration::ZERO, Duration::from_secs(1 << 40)] {
            latencies.record(took, Duration::ZERO);
        }
        assert_eq!(latencies.count(), 2);
        assert!(latencies.percentile(1.0).unwrap() > Duration::from_secs(600));
    }
}
