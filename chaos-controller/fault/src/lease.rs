//! The time a fault has left unless somebody renews it: no fault outlives its owner.

use std::time::Duration;

/// A lease on the clock of the place where the fault acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    expires: Duration,
}

impl Lease {
    pub fn starting(now: Duration, length: Duration) -> Self {
        Self { expires: now.saturating_add(length) }
    }

    /// Moves the end; a renewal never shortens what was promised.
    pub fn renew(&mut self, now: Duration, length: Duration) {
        self.expires = self.expires.max(now.saturating_add(length));
    }

    pub fn expires(&self) -> Duration {
        self.expires
    }

    pub fn is_over(&self, now: Duration) -> bool {
        now >= self.expires
    }

    pub fn left(&self, now: Duration) -> Duration {
        self.expires.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_lease_ends_on_its_instant_and_renewal_moves_it() {
        let mut lease = Lease::starting(SECOND, 10 * SECOND);
        assert!(!lease.is_over(11 * SECOND - Duration::from_nanos(1)));
        assert!(lease.is_over(11 * SECOND));
        lease.renew(5 * SECOND, 10 * SECOND);
        assert_eq!(lease.left(5 * SECOND), 10 * SECOND);
        lease.renew(5 * SECOND, SECOND);
        assert_eq!(lease.expires(), 15 * SECOND);
    }
}
