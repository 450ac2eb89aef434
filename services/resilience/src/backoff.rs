//! The wait before a retry: exponential, capped, with jitter.
//!
//! After "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015). The random number is an argument.
//! Backoff spreads callers; it does not reduce load when callers arrive in an open loop: that is the
//! budget's job.

use std::time::Duration;

use crate::policy::Jitter;

/// How long to wait before retry n.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The wait before the first retry.
    pub base: Duration,
    /// Growth from one wait to the next, at least 1.
    pub factor: f64,
    /// No wait is longer.
    pub cap: Duration,
    pub jitter: Jitter,
}

/// The wait before retry `retry_number` (the first retry is 1), with `unit_random` uniform in [0, 1).
pub fn delay(backoff: &Backoff, retry_number: u32, unit_random: f64) -> Duration {
    let ceiling = ceiling(backoff, retry_number);
    let share = unit_random.clamp(0.0, 1.0);
    match backoff.jitter {
        Jitter::None => ceiling,
        Jitter::Full => ceiling.mul_f64(share),
        Jitter::Equal => ceiling.mul_f64(0.5 + share / 2.0),
    }
}

/// `min(cap, base * factor^(n-1))`.
fn ceiling(backoff: &Backoff, retry_number: u32) -> Duration {
    let exponent = retry_number.saturating_sub(1).min(1_000);
    let seconds = backoff.base.as_secs_f64() * backoff.factor.max(1.0).powi(exponent as i32);
    // Compared as floats: the product overflows a `Duration` long before it overflows a float.
    if seconds < backoff.cap.as_secs_f64() { Duration::from_secs_f64(seconds) } else { backoff.cap }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Backoff = Backoff {
        base: Duration::from_secs(1),
        factor: 2.0,
        cap: Duration::from_secs(60),
        jitter: Jitter::Full,
    };

    /// splitmix64, so that the samples are the same in every run.
    fn uniform(index: u64) -> f64 {
        let mut z = index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    #[test]
    fn the_wait_doubles_up_to_the_cap() {
        let plain = Backoff { jitter: Jitter::None, ..FULL };
        let waits: Vec<u64> = (1..=8).map(|n| delay(&plain, n, 0.9).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(delay(&plain, u32::MAX, 0.0), plain.cap);
        assert_eq!(delay(&Backoff { base: Duration::ZERO, ..plain }, u32::MAX, 0.5), Duration::ZERO);
    }

    #[test]
    fn equal_jitter_never_waits_less_than_half() {
        let equal = Backoff { jitter: Jitter::Equal, ..FULL };
        assert_eq!(delay(&equal, 2, 0.0), Duration::from_secs(1));
        assert_eq!(delay(&equal, 2, 0.5), Duration::from_millis(1500));
    }

    /// I6, first half.
    #[test]
    fn full_jitter_is_uniform_below_the_ceiling() {
        for retry in [1, 3] {
            let ceiling = 2f64.powi(retry as i32 - 1);
            let mut waits: Vec<f64> = (0..10_000)
                .map(|i| delay(&FULL, retry, uniform(i + u64::from(retry) * 10_000)).as_secs_f64())
                .collect();
            assert!(waits.iter().all(|wait| *wait <= ceiling));
            let mean = waits.iter().sum::<f64>() / 10_000.0;
            assert!((mean / (ceiling / 2.0) - 1.0).abs() < 0.02, "mean {mean} of {ceiling}");
            // Kolmogorov-Smirnov at the 1 % level.
            waits.sort_by(f64::total_cmp);
            let distance = waits
                .iter()
                .enumerate()
                .map(|(i, wait)| ((i as f64 + 0.5) / 10_000.0 - wait / ceiling).abs())
                .fold(0.0, f64::max);
            assert!(distance < 1.63 / 100.0, "distance {distance}");
        }
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
