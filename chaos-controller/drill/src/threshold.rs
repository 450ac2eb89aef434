//! Thresholds of one run in the place of the drill's: a gate may ask for more than a lesson does. Only those that a
//! criterion of the shop is held against; what proves the experiment sound is not anybody's to choose. They are part of
//! the plan, so the verdict shows them and an old run grades the same.

use std::time::Duration;

use resilience::policy::Span;

use crate::plan::Thresholds;
use crate::schema::did_you_mean;

/// What may be set, and how.
const ALLOWED: [(&str, &str); 4] = [
    ("goodput", "a share, such as 0.99"),
    ("queue_wait_p99", "a time, such as 50ms"),
    ("amplification", "attempts per call, at least 1, such as 1.02"),
    ("pending_share", "a share, such as 0.01"),
];

impl Thresholds {
    /// Sets one by its name.
    ///
    /// # Errors
    /// What is wrong with the name or the value, and what is allowed.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "goodput" => self.goodput = share(name, value)?,
            "pending_share" => self.pending_share = share(name, value)?,
            "amplification" => {
                self.amplification =
                    number(value).filter(|most| *most >= 1.0).ok_or_else(|| wrong(name, value))?;
            }
            "queue_wait_p99" => {
                let wait = value.parse::<Span>().map(Span::get).ok();
                self.queue_wait_p99 =
                    wait.filter(|wait| *wait > Duration::ZERO).ok_or_else(|| wrong(name, value))?;
            }
            _ => {
                let names = ALLOWED.map(|(name, _)| name);
                let meant = did_you_mean(name, names).map_or(String::new(), |hint| format!("; {hint}"));
                return Err(format!(
                    "there is no threshold `{name}`; allowed are {}{meant}",
                    names.join(", ")
                ));
            }
        }
        Ok(())
    }

    /// Those that may be set, with their values.
    pub fn told(&self) -> String {
        format!(
            "goodput {}, queue_wait_p99 {}, amplification {}, pending_share {}",
            self.goodput,
            Span(self.queue_wait_p99),
            self.amplification,
            self.pending_share
        )
    }
}

fn share(name: &str, value: &str) -> Result<f64, String> {
    number(value).filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| wrong(name, value))
}

fn number(value: &str) -> Option<f64> {
    value.parse::<f64>().ok().filter(|value| value.is_finite())
}

fn wrong(name: &str, value: &str) -> String {
    let how = ALLOWED.iter().find(|(allowed, _)| *allowed == name).map_or("", |(_, how)| how);
    format!("`{value}` is no {name}: write {how}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thresholds() -> Thresholds {
        Thresholds {
            goodput: 0.95,
            journeys: Vec::new(),
            doubles_from: crate::DoublesFrom::default(),
            queue_wait_p99: Duration::from_millis(100),
            amplification: 1.05,
            pending_share: 0.01,
            pending_grace: Duration::ZERO,
            dose_share: 0.05,
            dose_abs: Duration::ZERO,
            achieved: 0.99,
            lateness_p99: Duration::ZERO,
        }
    }

    #[test]
    fn a_threshold_is_set_by_its_name_in_its_unit() {
        let mut of = thresholds();
        for (name, value) in [
            ("goodput", "0.99"),
            ("queue_wait_p99", "50ms"),
            ("amplification", "1.02"),
            ("pending_share", "0"),
        ] {
            of.set(name, value).unwrap();
        }
        assert_eq!(of.told(), "goodput 0.99, queue_wait_p99 50ms, amplification 1.02, pending_share 0");
    }

    #[test]
    fn what_is_none_is_refused_with_what_is_allowed() {
        let refused = |name: &str, value: &str| thresholds().set(name, value).unwrap_err();
        assert_eq!(
            refused("godput", "1"),
            "there is no threshold `godput`; allowed are goodput, queue_wait_p99, amplification, pending_share; \
             did you mean `goodput`?"
        );
        assert_eq!(refused("goodput", "99"), "`99` is no goodput: write a share, such as 0.99");
        for (name, value) in [
            ("goodput", "NaN"),
            ("amplification", "0.5"),
            ("queue_wait_p99", "50"),
            ("queue_wait_p99", "0s"),
            ("achieved", "0.1"),
        ] {
            refused(name, value);
        }
    }
}
