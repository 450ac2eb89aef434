//! What a well-formed fault must still satisfy. Every problem at once, never only the first.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::{Effect, FaultSpec, LONGEST_LATENCY, Latency, Span};

/// Something wrong with a fault, at a dotted path inside it (`effect.latency.lognormal.p99`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub path: String,
    pub message: String,
}

/// A lease shorter than this ends before its controller can renew it.
const SHORTEST_LEASE: Duration = Duration::from_millis(100);
/// A lease longer than this is no lease: a lost controller's fault would stay for good.
const LONGEST_LEASE: Duration = Duration::from_secs(600);
const LONGEST_RAMP: Duration = Duration::from_secs(3600);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

/// All that is wrong with the values of a fault; empty if nothing is.
pub fn check(spec: &FaultSpec) -> Vec<Problem> {
    let mut problems = Problems::default();
    match &spec.effect {
        Effect::Latency(latency) => problems.latency(latency),
        Effect::Error { status } => problems.status("effect.error.status", *status),
        Effect::CommitThenFail { status } => {
            problems.status("effect.commit_then_fail.status", *status);
        }
        Effect::Hang {} => {}
    }
    if !(0.0..=1.0).contains(&spec.share) {
        problems.add("share", format!("{} is not a share: allowed are 0 to 1", spec.share));
    }
    problems.between("lease", spec.lease, SHORTEST_LEASE, LONGEST_LEASE);
    if let Some(ramp) = &spec.ramp {
        problems.between("ramp.over", ramp.over, Duration::from_millis(1), LONGEST_RAMP);
        problems.positive("ramp.from", ramp.from);
        problems.at_most("ramp.from", ramp.from, LONGEST_LATENCY);
        match &spec.effect {
            Effect::Latency(latency) if latency.median().is_zero() => {
                problems.add("ramp", "a ramp needs a latency whose median is above zero");
            }
            Effect::Latency(_) => {}
            _ => problems.add("ramp", "only the effect `latency` can have a ramp"),
        }
    }
    problems.0
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, path: &str, message: impl Into<String>) {
        self.0.push(Problem { path: path.to_owned(), message: message.into() });
    }

    fn latency(&mut self, latency: &Latency) {
        let path = |field: &str| format!("effect.latency.{field}");
        let fields: &[(&str, Span)] = match latency {
            Latency::Fixed { value } => &[("fixed.value", *value)],
            Latency::Uniform { min, max } => {
                self.ordered(&path("uniform"), ("min", *min), ("max", *max));
                &[("uniform.min", *min), ("uniform.max", *max)]
            }
            Latency::Normal { mean, stddev } => &[("normal.mean", *mean), ("normal.stddev", *stddev)],
            Latency::Lognormal { p50, p99 } => {
                self.positive(&path("lognormal.p50"), *p50);
                self.ordered(&path("lognormal"), ("p50", *p50), ("p99", *p99));
                &[("lognormal.p50", *p50), ("lognormal.p99", *p99)]
            }
            Latency::Pareto { p50, p99 } => {
                self.positive(&path("pareto.p50"), *p50);
                self.ordered(&path("pareto"), ("p50", *p50), ("p99", *p99));
                &[("pareto.p50", *p50), ("pareto.p99", *p99)]
            }
        };
        for (field, span) in fields {
            self.at_most(&path(field), *span, LONGEST_LATENCY);
        }
    }

    fn status(&mut self, path: &str, status: u16) {
        if !(400..=599).contains(&status) {
            self.add(path, format!("{status} is not a failure: allowed are 400 to 599"));
        }
    }

    fn positive(&mut self, path: &str, span: Span) {
        if span.0.is_zero() {
            self.add(path, "must be above zero");
        }
    }

    fn at_most(&mut self, path: &str, span: Span, limit: Duration) {
        if span.0 > limit {
            self.add(path, format!("{span} is too long: at most {}", Span(limit)));
        }
    }

    fn between(&mut self, path: &str, span: Span, least: Duration, most: Duration) {
        if span.0 < least || span.0 > most {
            let (least, most) = (Span(least), Span(most));
            self.add(path, format!("{span} is out of range: allowed are {least} to {most}"));
        }
    }

    fn ordered(&mut self, path: &str, low: (&str, Span), high: (&str, Span)) {
        if high.1 < low.1 {
            let message = format!("`{}` ({}) is above `{}` ({})", low.0, low.1, high.0, high.1);
            self.add(path, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ramp, Shape};

    #[test]
    fn every_problem_is_named_at_once() {
        let spec = FaultSpec {
            share: 1.5,
            lease: Span::from_secs(3600),
            ramp: Some(Ramp {
                from: Span::from_millis(0),
                over: Span::from_secs(0),
                shape: Shape::Geometric,
            }),
            ..FaultSpec::new(Effect::Error { status: 200 })
        };
        let paths: Vec<String> = check(&spec).into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["effect.error.status", "share", "lease", "ramp.over", "ramp.from", "ramp"]);
    }

    #[test]
    fn distributions_must_be_in_order_and_bounded() {
        let path = |latency: Latency| {
            let problems = check(&FaultSpec::new(Effect::Latency(latency)));
            problems.into_iter().map(|problem| problem.path).collect::<Vec<_>>()
        };
        let (short, long) = (Span::from_millis(10), Span::from_secs(10));
        assert!(path(Latency::Uniform { min: short, max: long }).is_empty());
        assert_eq!(path(Latency::Uniform { min: long, max: short }), ["effect.latency.uniform"]);
        assert_eq!(path(Latency::Pareto { p50: long, p99: short }), ["effect.latency.pareto"]);
        assert_eq!(
            path(Latency::Lognormal { p50: Span::from_secs(0), p99: long }),
            ["effect.latency.lognormal.p50"]
        );
        assert_eq!(path(Latency::Fixed { value: Span::from_secs(601) }), ["effect.latency.fixed.value"]);
    }

    #[test]
    fn a_share_that_is_not_a_number_is_refused() {
        let spec = FaultSpec { share: f64::NAN, ..FaultSpec::new(Effect::Hang {}) };
        assert_eq!(check(&spec).len(), 1);
    }
}
