//! How a latency grows from a starting median to its full one.
//!
//! A geometric ramp gives people time to watch: a linear one to 30 s saturates a pool within its
//! first second.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Span;

/// A ramp of the median, from `from` to its full value, over `over` after the fault is applied.
///
/// ```text
///  full |            .----------      geometric: from * (full / from)^(t / over)
///       |          .'                 linear:    from + (full - from) * t / over
///  from |_____..--'
///       0            over
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    pub from: Span,
    pub over: Span,
    #[serde(default)]
    pub shape: Shape,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    #[default]
    Geometric,
    Linear,
}

impl Ramp {
    /// The median in seconds, `since_applied` after the start. It falls where `from` is above
    /// `full`.
    pub fn median(&self, full: Duration, since_applied: Duration) -> f64 {
        let full = full.as_secs_f64();
        if since_applied >= self.over.0 {
            return full;
        }
        let done = since_applied.as_secs_f64() / self.over.0.as_secs_f64();
        let from = self.from.0.as_secs_f64();
        match self.shape {
            Shape::Geometric => from * (full / from).powf(done),
            Shape::Linear => from + (full - from) * done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(shape: Shape) -> Ramp {
        Ramp { from: Span::from_millis(100), over: Span::from_secs(60), shape }
    }

    const FULL: Duration = Duration::from_secs(30);

    #[test]
    fn a_geometric_ramp_multiplies_evenly() {
        // 100 ms * 300^(t / 60)
        for (t, seconds) in
            [(0.0, 0.1), (15.0, 0.416_179), (30.0, 1.732_051), (45.0, 7.208_435), (60.0, 30.0), (600.0, 30.0)]
        {
            let median = ramp(Shape::Geometric).median(FULL, Duration::from_secs_f64(t));
            assert!((median - seconds).abs() < 1e-5, "{t} s: {median}");
        }
    }

    #[test]
    fn a_linear_ramp_adds_evenly() {
        let median = ramp(Shape::Linear).median(FULL, Duration::from_secs(30));
        assert!((median - 15.05).abs() < 1e-9);
    }

    #[test]
    fn a_ramp_may_fall() {
        let down = Ramp { from: Span::from_secs(30), ..ramp(Shape::Geometric) };
        let median = down.median(Duration::from_millis(100), Duration::from_secs(30));
        assert!((median - 1.732_051).abs() < 1e-5);
    }

    #[test]
    fn a_ramp_over_no_time_is_a_step() {
        let step = Ramp { over: Span::from_secs(0), ..ramp(Shape::Linear) };
        assert_eq!(step.median(FULL, Duration::ZERO), 30.0);
    }
}
