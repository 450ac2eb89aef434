//! What a well-formed fault must still satisfy. Every problem at once, never only the first.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::{Effect, FaultSpec, LONGEST_LATENCY, PROCESS_EFFECTS, Path, Place, Region, Span};

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
    spec.effect.check(&mut problems);
    match spec.effect.place() {
        Place::Process => problems.only_the_bank_has_calls(spec),
        Place::Bank => problems.of_the_bank(spec),
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

/// What is wrong with putting this fault on `target`: the bank has faults of its calls, every
/// process has faults of processes. Whether there is such a target is known elsewhere.
pub fn misplaced(spec: &FaultSpec, target: &str) -> Option<Problem> {
    if target == BANK || spec.effect.place() == Place::Process {
        return None;
    }
    let message = format!(
        "`{}` is a fault of the bank's calls, not of `{target}`: allowed are {}",
        spec.effect.name(),
        PROCESS_EFFECTS.join(", ")
    );
    Some(Problem { path: "effect".to_owned(), message })
}

/// The target whose calls can be hit.
const BANK: &str = "bank";

#[derive(Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    fn only_the_bank_has_calls(&mut self, spec: &FaultSpec) {
        let name = spec.effect.name();
        for (key, there) in [
            ("share", spec.share != 1.0),
            ("path", spec.path != Path::default()),
            ("region", spec.region != Region::default()),
        ] {
            if there {
                self.add(key, format!("`{name}` hits a process, which is not a share of calls"));
            }
        }
    }

    fn of_the_bank(&mut self, spec: &FaultSpec) {
        match spec.effect {
            Effect::WrongAmount(_) if spec.path != Path::Charge => {
                self.add("path", "only a charge has an amount: allowed is charge");
            }
            Effect::RateLimit(_) if spec.share != 1.0 => {
                self.add(
                    "share",
                    "a limit counts every call; for a share of them there is `error` with status 429",
                );
            }
            _ => {}
        }
    }

    pub(crate) fn add(&mut self, path: &str, message: impl Into<String>) {
        self.0.push(Problem { path: path.to_owned(), message: message.into() });
    }

    pub(crate) fn status(&mut self, path: &str, status: u16) {
        if !(400..=599).contains(&status) {
            self.add(path, format!("{status} is not a failure: allowed are 400 to 599"));
        }
    }

    pub(crate) fn positive(&mut self, path: &str, span: Span) {
        if span.0.is_zero() {
            self.add(path, "must be above zero");
        }
    }

    pub(crate) fn at_most(&mut self, path: &str, span: Span, limit: Duration) {
        if span.0 > limit {
            self.add(path, format!("{span} is too long: at most {}", Span(limit)));
        }
    }

    pub(crate) fn between(&mut self, path: &str, span: Span, least: Duration, most: Duration) {
        if span.0 < least || span.0 > most {
            let (least, most) = (Span(least), Span(most));
            self.add(path, format!("{span} is out of range: allowed are {least} to {most}"));
        }
    }

    pub(crate) fn ordered(&mut self, path: &str, low: (&str, Span), high: (&str, Span)) {
        if high.1 < low.1 {
            let message = format!("`{}` ({}) is above `{}` ({})", low.0, low.1, high.0, high.1);
            self.add(path, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kill, Latency, Ramp, Shape, WrongAmount};

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
            ..FaultSpec::new(Effect::Error(crate::Error::new(200)))
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
        let spec = FaultSpec { share: f64::NAN, ..FaultSpec::new(Effect::Hang(crate::Hang {})) };
        assert_eq!(check(&spec).len(), 1);
    }

    #[test]
    fn a_process_has_no_calls_and_the_shop_has_no_bank() {
        let killed = FaultSpec {
            share: 0.5,
            path: Path::All,
            region: Region::All,
            ..FaultSpec::new(Effect::Kill(Kill::default()))
        };
        let paths: Vec<String> = check(&killed).into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["share", "path", "region"]);
        assert!(misplaced(&killed, "bank").is_none() && misplaced(&killed, "payment-0").is_none());
        let hung = FaultSpec::new(Effect::Hang(crate::Hang {}));
        assert!(misplaced(&hung, "bank").is_none());
        let problem = misplaced(&hung, "payment-0").unwrap();
        assert!(problem.message.contains("kill, freeze, cpu_burn"), "{problem}");
    }

    #[test]
    fn an_amount_is_of_a_charge_and_is_wrong() {
        let wrong = |factor, by_cents| FaultSpec::new(Effect::WrongAmount(WrongAmount { factor, by_cents }));
        assert!(check(&wrong(Some(1.5), None)).is_empty() && check(&wrong(None, Some(-100))).is_empty());
        for right in [wrong(None, None), wrong(Some(1.0), None), wrong(Some(2.0), Some(1))] {
            assert_eq!(check(&right).len(), 1, "{right:?}");
        }
        let lookup = FaultSpec { path: Path::Lookup, ..wrong(Some(2.0), None) };
        assert_eq!(check(&lookup)[0].path, "path");
    }
}
