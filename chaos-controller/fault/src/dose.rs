//! What one fault does to one call.

use std::time::Duration;

use crate::distribution::seconds_between_zero_and_longest;
use crate::{Effect, FaultSpec, Outcome, draw};

/// What names a draw: equal names draw equal values in every run with the seed.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'a> {
    pub seed: u64,
    pub fault_id: &'a str,
    /// What the call is about: the order id.
    pub key: &'a str,
    /// A retry of the same call draws anew.
    pub attempt: u32,
}

/// The share of a fault that one call gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dose {
    Latency(Duration),
    Outcome(Outcome),
}

/// The dose that this call gets, or `None` if it is not in the fault's share. Whether a rate limit
/// takes it is up to the limit's [`crate::Bucket`]; a fault of processes has no dose for a call.
///
/// The path is not looked at: the caller knows which call it is (see [`crate::Path::covers`]).
pub fn dose(spec: &FaultSpec, draw: &Draw<'_>, since_applied: Duration) -> Option<Dose> {
    if spec.share < 1.0 && draw.unit("share") >= spec.share {
        return None;
    }
    let Effect::Latency(latency) = &spec.effect else {
        return spec.effect.outcome().map(Dose::Outcome);
    };
    let full = latency.quantile(draw.unit("latency"));
    Some(Dose::Latency(match &spec.ramp {
        None => full,
        Some(ramp) => {
            let median = latency.median();
            let scale = ramp.median(median, since_applied) / median.as_secs_f64();
            seconds_between_zero_and_longest(full.as_secs_f64() * scale)
        }
    }))
}

/// The median latency asked for, `since_applied` after the fault's start; `None` if the fault is
/// about something else than latency.
pub fn median(spec: &FaultSpec, since_applied: Duration) -> Option<Duration> {
    let Effect::Latency(latency) = &spec.effect else {
        return None;
    };
    let full = latency.median();
    Some(match &spec.ramp {
        None => full,
        Some(ramp) => seconds_between_zero_and_longest(ramp.median(full, since_applied)),
    })
}

impl Draw<'_> {
    fn unit(&self, what: &str) -> f64 {
        // The attempt leads: order ids may hold any character, a number ends at the first colon.
        let purpose = format!("fault:{what}:{}:{}", self.attempt, self.fault_id);
        draw::unit(self.seed, &purpose, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Latency, Ramp, Shape, Span};

    fn spec(share: f64) -> FaultSpec {
        let (p50, p99) = (Span::from_millis(100), Span::from_secs(1));
        FaultSpec { share, ..FaultSpec::new(Effect::Latency(Latency::Lognormal { p50, p99 })) }
    }

    fn draw(key: &str, attempt: u32) -> Draw<'_> {
        Draw { seed: 42, fault_id: "slow", key, attempt }
    }

    #[test]
    fn doses_do_not_depend_on_the_order_of_calls() {
        let spec = spec(0.5);
        let keys: Vec<String> = (0..1_000).map(|i| format!("o2a-{i}")).collect();
        let forward: Vec<_> = keys.iter().map(|k| dose(&spec, &draw(k, 0), Duration::ZERO)).collect();
        let mut backward: Vec<_> =
            keys.iter().rev().map(|k| dose(&spec, &draw(k, 0), Duration::ZERO)).collect();
        backward.reverse();
        assert_eq!(forward, backward);
    }

    #[test]
    fn the_share_is_hit() {
        for share in [0.0, 0.1, 0.5, 1.0] {
            let spec = spec(share);
            let hits = (0..20_000)
                .filter(|i| dose(&spec, &draw(&format!("o{i}"), 0), Duration::ZERO).is_some())
                .count() as f64;
            // Four standard errors of a binomial.
            let error = 4.0 * (share * (1.0 - share) * 20_000.0f64).sqrt();
            assert!((hits - share * 20_000.0).abs() <= error, "{share}: {hits}");
        }
    }

    #[test]
    fn seed_fault_and_attempt_all_count() {
        let spec = spec(1.0);
        let base = draw("o1", 0);
        let first = dose(&spec, &base, Duration::ZERO);
        assert_eq!(first, dose(&spec, &base, Duration::ZERO));
        for other in [
            Draw { seed: 43, ..base },
            Draw { fault_id: "slower", ..base },
            Draw { attempt: 1, ..base },
            Draw { key: "o2", ..base },
        ] {
            assert_ne!(first, dose(&spec, &other, Duration::ZERO));
        }
    }

    #[test]
    fn a_ramp_scales_the_whole_distribution() {
        let ramp = Ramp { from: Span::from_millis(10), over: Span::from_secs(60), shape: Shape::Geometric };
        let ramped = FaultSpec { ramp: Some(ramp), ..spec(1.0) };
        let Some(Dose::Latency(full)) = dose(&spec(1.0), &draw("o1", 0), Duration::ZERO) else {
            panic!("a latency");
        };
        let Some(Dose::Latency(start)) = dose(&ramped, &draw("o1", 0), Duration::ZERO) else {
            panic!("a latency");
        };
        assert!((full.as_secs_f64() / start.as_secs_f64() - 10.0).abs() < 1e-3);
        let end = dose(&ramped, &draw("o1", 0), Duration::from_secs(60));
        assert_eq!(end, Some(Dose::Latency(full)));
        assert_eq!(median(&ramped, Duration::ZERO), Some(Duration::from_millis(10)));
        assert_eq!(median(&ramped, Duration::from_secs(60)), Some(Duration::from_millis(100)));
    }
}
