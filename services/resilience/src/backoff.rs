//! The wait before a retry: exponential, capped, with jitter.
//!
//! After "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015). The random number is an argument.
//! Backoff spreads callers; it does not reduce load when callers arrive in an open loop: that is the
//! budget's job.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::Span;

/// The wait before retry n: `min(cap, base * factor^(n-1))`, then jitter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BackoffPolicy {
    /// The wait before the first retry. Default 100ms: one call of a healthy bank.
    pub base: Span,
    /// By how much each wait is longer than the one before. Default 2.
    #[schemars(range(min = 1, max = 100))]
    pub factor: f64,
    /// The longest wait. Default 10s.
    pub cap: Span,
    /// How the wait is spread: `none`, `full` = anything from 0 to the wait, `equal` = half of it for sure.
    /// Default `full`.
    pub jitter: Jitter,
}

/// How a wait is spread, so that callers that failed together do not come back together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Jitter {
    None,
    #[default]
    Full,
    Equal,
}

impl Default for BackoffPolicy {
    fn default() -> BackoffPolicy {
        BackoffPolicy { base: Span::millis(100), factor: 2.0, cap: Span::seconds(10), jitter: Jitter::Full }
    }
}

/// The wait before retry `retry_number` (the first retry is 1), with `unit_random` uniform in [0, 1).
pub fn delay(backoff: &BackoffPolicy, retry_number: u32, unit_random: f64) -> Duration {
    let ceiling = ceiling(backoff, retry_number);
    let share = unit_random.clamp(0.0, 1.0);
    match backoff.jitter {
        Jitter::None => ceiling,
        Jitter::Full => ceiling.mul_f64(share),
        Jitter::Equal => ceiling.mul_f64(0.5 + share / 2.0),
    }
}

/// `min(cap, base * factor^(n-1))`.
fn ceiling(backoff: &BackoffPolicy, retry_number: u32) -> Duration {
    let exponent = retry_number.saturating_sub(1).min(1_000);
    let seconds = backoff.base.get().as_secs_f64() * backoff.factor.max(1.0).powi(exponent as i32);
    // Compared as floats: the product overflows a `Duration` long before it overflows a float.
    let cap = backoff.cap.get();
    if seconds < cap.as_secs_f64() { Duration::from_secs_f64(seconds) } else { cap }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: BackoffPolicy =
        BackoffPolicy { base: Span::seconds(1), factor: 2.0, cap: Span::seconds(60), jitter: Jitter::Full };

    /// splitmix64, so that the samples are the same in every run.
    fn uniform(index: u64) -> f64 {
        let mut z = index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Kolmogorov-Smirnov: the largest gap between the samples' distribution and the uniform one on 0..1.
    fn distance_from_uniform(shares: &mut [f64]) -> f64 {
        shares.sort_by(f64::total_cmp);
        let count = shares.len() as f64;
        let gaps = shares.iter().enumerate().map(|(below, share)| {
            let below = below as f64;
            (share - below / count).max((below + 1.0) / count - share)
        });
        gaps.fold(0.0, f64::max)
    }

    #[test]
    fn the_test_of_uniformity_notices_a_tilt() {
        let mut tilted: Vec<f64> = (0..10_000).map(|i| uniform(i).powf(1.1)).collect();
        assert!(distance_from_uniform(&mut tilted) > 1.63 / 100.0);
    }

    #[test]
    fn the_wait_doubles_up_to_the_cap() {
        let plain = BackoffPolicy { jitter: Jitter::None, ..FULL };
        let waits: Vec<u64> = (1..=8).map(|n| delay(&plain, n, 0.9).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(delay(&plain, u32::MAX, 0.0), plain.cap.get());
        assert_eq!(delay(&BackoffPolicy { base: Span::seconds(0), ..plain }, u32::MAX, 0.5), Duration::ZERO);
    }

    #[test]
    fn equal_jitter_never_waits_less_than_half() {
        let equal = BackoffPolicy { jitter: Jitter::Equal, ..FULL };
        assert_eq!(delay(&equal, 2, 0.0), Duration::from_secs(1));
        assert_eq!(delay(&equal, 2, 0.5), Duration::from_millis(1500));
    }

    /// I6, first half.
    #[test]
    fn full_jitter_is_uniform_below_the_ceiling() {
        for retry in [1, 3] {
            let ceiling = 2f64.powi(retry as i32 - 1);
            let waits: Vec<f64> = (0..10_000)
                .map(|i| delay(&FULL, retry, uniform(i + u64::from(retry) * 10_000)).as_secs_f64())
                .collect();
            assert!(waits.iter().all(|wait| *wait <= ceiling));
            let mean = waits.iter().sum::<f64>() / 10_000.0;
            assert!((mean / (ceiling / 2.0) - 1.0).abs() < 0.02, "mean {mean} of {ceiling}");
            let mut shares: Vec<f64> = waits.iter().map(|wait| wait / ceiling).collect();
            let distance = distance_from_uniform(&mut shares);
            // The 1 % level of the test is 1.63 / sqrt(n).
            assert!(distance < 1.63 / 100.0, "distance {distance}");
        }
    }

    /// I6, for the jitter that is half sure.
    #[test]
    fn equal_jitter_is_uniform_over_the_upper_half() {
        let equal = BackoffPolicy { jitter: Jitter::Equal, ..FULL };
        let shares = (0..10_000).map(|i| delay(&equal, 2, uniform(i)).as_secs_f64() - 1.0);
        let mut shares: Vec<f64> = shares.collect();
        assert!(distance_from_uniform(&mut shares) < 1.63 / 100.0);
    }

    /// I6, second half.
    #[test]
    fn callers_that_failed_together_do_not_come_back_together() {
        let mut bins = [0u32; 101];
        for caller in 0..1_000 {
            bins[(delay(&FULL, 1, uniform(caller)).as_millis() / 10) as usize] += 1;
        }
        assert!(bins.iter().all(|bin| *bin <= 50), "{bins:?}");
    }
}
