//! The faults in force at one place: applied, renewed, removed, expired, and what they do together.
//!
//! Applying and removing may be repeated freely: a controller that lost an answer just asks again.

use std::time::Duration;

use crate::{Bucket, Dose, Draw, Effect, FaultSpec, Lease, Outcome, Path, Region, dose};

/// The faults in force, oldest first.
#[derive(Debug, Default)]
pub struct Faults {
    active: Vec<Active>,
}

#[derive(Clone, Debug)]
pub struct Active {
    pub id: String,
    pub spec: FaultSpec,
    /// Start of the ramp. Renewals leave it alone.
    pub applied: Duration,
    pub lease: Lease,
    /// What is left of its rate, if it is a limit.
    bucket: Option<Bucket>,
}

/// What an `upsert` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Applied,
    /// The same fault again: its lease was renewed, nothing else.
    Renewed,
    /// Another spec under a known id: its ramp starts anew.
    Replaced,
}

/// What all faults in force together do to one call, each with the id of the fault that does it.
/// Where several of a sort hit, the youngest rules: a slow bank can also be a failing one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Treatment {
    /// Replaces the callee's own latency.
    pub latency: Option<(String, Duration)>,
    pub outcome: Option<(String, Outcome)>,
}

impl Faults {
    /// Applies a fault, or renews it if it is there already.
    pub fn upsert(&mut self, now: Duration, id: &str, spec: FaultSpec) -> Change {
        let Some(found) = self.active.iter().position(|active| active.id == id) else {
            self.push(now, id, spec);
            return Change::Applied;
        };
        if self.active[found].spec == spec {
            self.active[found].lease.renew(now, spec.lease.0);
            return Change::Renewed;
        }
        self.active.remove(found);
        self.push(now, id, spec);
        Change::Replaced
    }

    /// Renews a lease; returns its new end, or `None` if no such fault is in force.
    pub fn renew(&mut self, now: Duration, id: &str) -> Option<Duration> {
        let active = self.active.iter_mut().find(|active| active.id == id)?;
        active.lease.renew(now, active.spec.lease.0);
        Some(active.lease.expires())
    }

    /// Ends a fault; `None` if it was not in force, which is no error.
    pub fn remove(&mut self, id: &str) -> Option<Active> {
        let found = self.active.iter().position(|active| active.id == id)?;
        Some(self.active.remove(found))
    }

    /// Ends the faults whose lease is over.
    pub fn expire(&mut self, now: Duration) -> Vec<Active> {
        self.active.extract_if(.., |active| active.lease.is_over(now)).collect()
    }

    /// When the next lease ends.
    pub fn next_expiry(&self) -> Option<Duration> {
        self.active.iter().map(|active| active.lease.expires()).min()
    }

    pub fn get(&self, id: &str) -> Option<&Active> {
        self.active.iter().find(|active| active.id == id)
    }

    /// Oldest first.
    pub fn list(&self) -> &[Active] {
        &self.active
    }

    pub fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// What the faults in force do to one call of a region. A fault whose lease is over does nothing, even
    /// before `expire` has noticed.
    pub fn treatment(
        &mut self,
        now: Duration,
        (call, region): (Path, Region),
        seed: u64,
        key: &str,
        attempt: u32,
    ) -> Treatment {
        let mut treatment = Treatment::default();
        for active in &mut self.active {
            if !active.covers(now, call, region) {
                continue;
            }
            let draw = Draw { seed, fault_id: &active.id, key, attempt };
            let id = || active.id.clone();
            match dose(&active.spec, &draw, now.saturating_sub(active.applied)) {
                None => {}
                Some(Dose::Latency(latency)) => treatment.latency = Some((id(), latency)),
                Some(Dose::Outcome(outcome)) => {
                    let taken = active.bucket.as_mut().is_some_and(|bucket| bucket.take(now));
                    if !taken {
                        treatment.outcome = Some((id(), outcome));
                    }
                }
            }
        }
        treatment
    }

    fn push(&mut self, now: Duration, id: &str, spec: FaultSpec) {
        self.active.push(Active {
            id: id.to_owned(),
            lease: Lease::starting(now, spec.lease.0),
            applied: now,
            bucket: match &spec.effect {
                Effect::RateLimit(limit) => Some(Bucket::new(limit, now)),
                _ => None,
            },
            spec,
        });
    }
}

impl Active {
    /// Whether the fault is about such a call, now: the draw decides whether it hits it.
    pub fn covers(&self, now: Duration, call: Path, region: Region) -> bool {
        self.spec.path.covers(call) && self.spec.region.covers(region) && !self.lease.is_over(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Latency, Ramp, RateLimit, Shape, Span};

    const SECOND: Duration = Duration::from_secs(1);
    const CHARGE: (Path, Region) = (Path::Charge, Region::Main);

    fn ramped() -> FaultSpec {
        FaultSpec {
            ramp: Some(Ramp {
                from: Span::from_millis(100),
                over: Span::from_secs(60),
                shape: Shape::Geometric,
            }),
            ..FaultSpec::new(Effect::Latency(Latency::Fixed { value: Span::from_secs(30) }))
        }
    }

    fn latency(faults: &mut Faults, now: Duration) -> Option<Duration> {
        faults.treatment(now, CHARGE, 1, "o1", 0).latency.map(|(_, latency)| latency)
    }

    #[test]
    fn applying_twice_is_applying_once() {
        let mut faults = Faults::default();
        assert_eq!(faults.upsert(SECOND, "slow", ramped()), Change::Applied);
        assert_eq!(faults.upsert(3 * SECOND, "slow", ramped()), Change::Renewed);
        assert_eq!(faults.list().len(), 1);
        assert_eq!(faults.list()[0].applied, SECOND);
        assert!(faults.remove("slow").is_some());
        assert!(faults.remove("slow").is_none());
    }

    #[test]
    fn a_renewal_never_restarts_the_ramp() {
        let (mut left_alone, mut renewed) = (Faults::default(), Faults::default());
        left_alone.upsert(Duration::ZERO, "slow", FaultSpec { lease: Span::from_secs(600), ..ramped() });
        renewed.upsert(Duration::ZERO, "slow", FaultSpec { lease: Span::from_secs(2), ..ramped() });
        for second in 1..=90 {
            let now = second * SECOND;
            assert!(renewed.renew(now, "slow").is_some());
            assert!(renewed.expire(now).is_empty());
            assert_eq!(latency(&mut renewed, now), latency(&mut left_alone, now));
        }
        assert_eq!(latency(&mut renewed, 90 * SECOND), Some(30 * SECOND));
    }

    #[test]
    fn another_spec_under_the_same_id_starts_anew() {
        let mut faults = Faults::default();
        faults.upsert(Duration::ZERO, "slow", ramped());
        let other = FaultSpec { share: 0.5, ..ramped() };
        assert_eq!(faults.upsert(9 * SECOND, "slow", other), Change::Replaced);
        assert_eq!(faults.list()[0].applied, 9 * SECOND);
    }

    #[test]
    fn a_lease_that_is_over_ends_the_fault_even_if_nobody_looks() {
        let mut faults = Faults::default();
        faults.upsert(Duration::ZERO, "slow", ramped());
        assert_eq!(faults.next_expiry(), Some(10 * SECOND));
        assert!(latency(&mut faults, 9 * SECOND).is_some());
        assert!(latency(&mut faults, 10 * SECOND).is_none());
        assert_eq!(faults.expire(10 * SECOND)[0].id, "slow");
        assert!(faults.is_empty() && faults.renew(10 * SECOND, "slow").is_none());
    }

    #[test]
    fn a_slow_bank_can_also_fail() {
        let mut faults = Faults::default();
        faults.upsert(Duration::ZERO, "slow", ramped());
        faults.upsert(Duration::ZERO, "sick", FaultSpec::new(Effect::Error(Error::new(503))));
        let treatment = faults.treatment(SECOND, CHARGE, 1, "o1", 0);
        assert_eq!(treatment.latency.unwrap().0, "slow");
        assert_eq!(treatment.outcome.unwrap().1, Outcome::Error(Error::new(503)));
        assert_eq!(faults.treatment(SECOND, (Path::Lookup, Region::Main), 1, "o1", 0), Treatment::default());
    }

    #[test]
    fn a_limit_refuses_what_is_above_it_and_only_that() {
        let mut faults = Faults::default();
        let limit = RateLimit { rate: 10.0, retry_after: Span::from_secs(1) };
        faults.upsert(Duration::ZERO, "limit", FaultSpec::new(Effect::RateLimit(limit)));
        let refused = (0..500u64)
            .filter(|call| {
                let now = Duration::from_millis(call * 10);
                faults.treatment(now, CHARGE, 1, &format!("o{call}"), 0).outcome.is_some()
            })
            .count();
        assert!((448..=452).contains(&refused), "{refused} of 500 in 5 s at 10/s");
    }

    #[test]
    fn a_fault_of_one_region_leaves_the_other_alone() {
        let hit = |of: Region, called: Region| {
            let mut faults = Faults::default();
            faults.upsert(Duration::ZERO, "f", FaultSpec { region: of, ..ramped() });
            faults.treatment(SECOND, (Path::Charge, called), 1, "o1", 0).latency.is_some()
        };
        let hits = |of| [hit(of, Region::Main), hit(of, Region::Second)];
        assert_eq!(hits(FaultSpec::new(Effect::Hang(crate::Hang {})).region), [true, false], "by default");
        assert_eq!(hits(Region::Second), [false, true]);
        assert_eq!(hits(Region::All), [true, true]);
    }
}
