//! Quantile functions of the latency distributions: one even draw in, one latency out.
//!
//! Inversion rather than rejection or Box-Muller: each latency needs exactly one draw, and grows
//! with it, so equal keys keep their rank under every distribution.

use std::time::Duration;

use crate::{LONGEST_LATENCY, Latency};

/// The standard normal's 99th percentile.
const Z99: f64 = 2.326_347_874_040_841;

impl Latency {
    /// The latency below which a share `unit` (0 to 1, open) of all draws lies, between zero and
    /// [`LONGEST_LATENCY`].
    pub fn quantile(&self, unit: f64) -> Duration {
        let seconds = match self {
            Self::Fixed { value } => return value.0,
            Self::Uniform { min, max } => {
                let (min, max) = (min.0.as_secs_f64(), max.0.as_secs_f64());
                min + (max - min) * unit
            }
            Self::Normal { mean, stddev } => {
                mean.0.as_secs_f64() + stddev.0.as_secs_f64() * normal_quantile(unit)
            }
            Self::Lognormal { p50, p99 } => {
                let sigma = (p99.0.as_secs_f64() / p50.0.as_secs_f64()).ln() / Z99;
                p50.0.as_secs_f64() * (sigma * normal_quantile(unit)).exp()
            }
            // Survival (x_m / x)^alpha, so p50 = x_m * 2^(1/alpha) and p99 = x_m * 100^(1/alpha).
            Self::Pareto { p50, p99 } => {
                let ratio = p99.0.as_secs_f64() / p50.0.as_secs_f64();
                let inverse_alpha = ratio.ln() / 50f64.ln();
                p50.0.as_secs_f64() * (0.5 / (1.0 - unit)).powf(inverse_alpha)
            }
        };
        seconds_between_zero_and_longest(seconds)
    }

    /// The middle of the distribution: what a ramp scales.
    pub fn median(&self) -> Duration {
        match self {
            Self::Fixed { value } => value.0,
            Self::Uniform { min, max } => (min.0 + max.0) / 2,
            Self::Normal { mean, .. } => mean.0,
            Self::Lognormal { p50, .. } | Self::Pareto { p50, .. } => p50.0,
        }
    }
}

/// A duration of so many seconds; not a number counts as none.
pub(crate) fn seconds_between_zero_and_longest(seconds: f64) -> Duration {
    if seconds >= LONGEST_LATENCY.as_secs_f64() {
        return LONGEST_LATENCY;
    }
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)
}

/// Inverse of the standard normal distribution: Wichura's AS 241, routine PPND7 (about seven
/// digits).
fn normal_quantile(unit: f64) -> f64 {
    let q = unit - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        let above = ((59.109_374_720 * r + 159.291_132_02) * r + 50.434_271_938) * r + 3.387_132_717_9;
        let below = ((67.187_563_600 * r + 78.757_757_664) * r + 17.895_169_469) * r + 1.0;
        return q * above / below;
    }
    let r = (-unit.min(1.0 - unit).ln()).sqrt();
    let tail = if r <= 5.0 {
        let r = r - 1.6;
        let above = ((0.170_238_211_03 * r + 1.306_728_481_6) * r + 2.756_815_390_0) * r + 1.423_437_277_7;
        let below = (0.120_211_329_75 * r + 0.737_001_642_50) * r + 1.0;
        above / below
    } else {
        let r = r - 5.0;
        let above = ((0.017_337_203_997 * r + 0.428_682_943_37) * r + 3.081_226_386_0) * r + 6.657_905_115_0;
        let below = (0.012_258_202_635 * r + 0.241_978_942_25) * r + 1.0;
        above / below
    };
    tail.copysign(q)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Span, draw};

    fn millis(value: u64) -> Span {
        Span::from_millis(value)
    }

    fn drawn(latency: &Latency) -> Vec<f64> {
        let mut draws: Vec<f64> = (0..40_000)
            .map(|i| latency.quantile(draw::unit(9, "fit", &i.to_string())).as_secs_f64())
            .collect();
        draws.sort_by(f64::total_cmp);
        draws
    }

    #[test]
    fn the_normal_quantile_meets_the_tables() {
        for (unit, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_985),
            (0.99, 2.326_347_874),
            (0.01, -2.326_347_874),
            (1e-6, -4.753_424_309),
            (1e-12, -7.034_483_826),
        ] {
            assert!((normal_quantile(unit) - z).abs() < 2e-6, "{unit}: {}", normal_quantile(unit));
        }
    }

    #[test]
    fn lognormal_and_pareto_hit_their_p50_and_p99() {
        for latency in [
            Latency::Lognormal { p50: millis(100), p99: millis(900) },
            Latency::Pareto { p50: millis(100), p99: millis(900) },
        ] {
            assert!((latency.quantile(0.5).as_secs_f64() - 0.1).abs() < 1e-6);
            assert!((latency.quantile(0.99).as_secs_f64() - 0.9).abs() < 1e-6);
            let draws = drawn(&latency);
            let (p50, p99) = (draws[draws.len() / 2], draws[draws.len() * 99 / 100]);
            assert!((p50 / 0.1 - 1.0).abs() < 0.03, "{latency:?}: p50 {p50}");
            assert!((p99 / 0.9 - 1.0).abs() < 0.10, "{latency:?}: p99 {p99}");
        }
    }

    #[test]
    fn uniform_and_normal_have_their_mean_and_spread() {
        let draws = drawn(&Latency::Uniform { min: millis(50), max: millis(150) });
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        assert!((mean - 0.1).abs() < 0.001);
        assert!(draws[0] >= 0.05 && draws[draws.len() - 1] <= 0.15);

        let draws = drawn(&Latency::Normal { mean: millis(100), stddev: millis(10) });
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!((mean - 0.1).abs() < 0.001);
        assert!((variance.sqrt() - 0.01).abs() < 0.000_5);
    }

    #[test]
    fn latencies_are_never_negative_and_never_endless() {
        let normal = Latency::Normal { mean: millis(10), stddev: millis(100) };
        assert_eq!(normal.quantile(1e-15), Duration::ZERO);
        let pareto = Latency::Pareto { p50: millis(1), p99: millis(60_000) };
        assert_eq!(pareto.quantile(1.0 - f64::EPSILON / 2.0), LONGEST_LATENCY);
    }

    #[test]
    fn medians_are_the_half_quantiles() {
        for latency in [
            Latency::Fixed { value: millis(100) },
            Latency::Uniform { min: millis(50), max: millis(150) },
            Latency::Normal { mean: millis(100), stddev: millis(20) },
            Latency::Lognormal { p50: millis(100), p99: millis(400) },
            Latency::Pareto { p50: millis(100), p99: millis(400) },
        ] {
            let error = latency.quantile(0.5).abs_diff(latency.median());
            assert!(error < Duration::from_micros(1), "{latency:?}: {error:?}");
        }
    }
}
