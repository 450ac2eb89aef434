//! The scale of a lab: the same shape at a fraction of the cost. Rates, workers, queues and other
//! counts shrink, times never do, so by Little's law every pool fills at the same moment.
//! Leaves out the law for policies, which is `resilience::policy::scale`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A fraction n/d above zero. Kept exact, so that 1/3 of 30 workers is 10 and not 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    numerator: u32,
    denominator: u32,
}

/// Why a text is no scale.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a scale; write a fraction such as 1/4, or a number such as 0.25 or 1")]
pub struct NotAScale(String);

impl Scale {
    pub const ONE: Scale = Scale { numerator: 1, denominator: 1 };

    /// `None` if either part is zero.
    #[must_use]
    pub fn new(numerator: u32, denominator: u32) -> Option<Scale> {
        let divisor = gcd(numerator, denominator);
        (numerator > 0 && denominator > 0)
            .then(|| Scale { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }

    /// A rate or another quantity that may be fractional.
    #[must_use]
    pub fn rate(self, value: f64) -> f64 {
        value * f64::from(self.numerator) / f64::from(self.denominator)
    }

    /// A count: rounded up and at least 1, since a pool of none is another experiment.
    #[must_use]
    pub fn count(self, value: f64) -> f64 {
        // The tolerance keeps binary fractions from adding a worker (10000 x 0.1 is 1000).
        (self.rate(value) - 1e-6).ceil().max(1.0)
    }
}

impl Default for Scale {
    fn default() -> Self {
        Scale::ONE
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

impl FromStr for Scale {
    type Err = NotAScale;

    /// `1/4`, `0.25` or `1`. At most six decimals.
    fn from_str(text: &str) -> Result<Self, NotAScale> {
        let error = || NotAScale(text.to_owned());
        let whole = |part: &str| -> Option<u32> {
            part.chars().all(|c| c.is_ascii_digit()).then(|| part.parse().ok()).flatten()
        };
        let text = text.trim();
        let scale = if let Some((n, d)) = text.split_once('/') {
            Scale::new(whole(n.trim()).ok_or_else(error)?, whole(d.trim()).ok_or_else(error)?)
        } else if let Some((units, decimals)) = text.split_once('.') {
            if decimals.is_empty() || decimals.len() > 6 {
                return Err(error());
            }
            let units = if units.is_empty() { "0" } else { units };
            let denominator = 10_u32.pow(decimals.len() as u32);
            let (units, decimals) = (whole(units).ok_or_else(error)?, whole(decimals).ok_or_else(error)?);
            units
                .checked_mul(denominator)
                .and_then(|n| n.checked_add(decimals))
                .and_then(|n| Scale::new(n, denominator))
        } else {
            Scale::new(whole(text).ok_or_else(error)?, 1)
        };
        scale.ok_or_else(error)
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.denominator == 1 {
            write!(f, "{}", self.numerator)
        } else {
            write!(f, "{}/{}", self.numerator, self.denominator)
        }
    }
}

impl Serialize for Scale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_decimals_and_whole_numbers_read_alike() {
        for text in ["1/4", "0.25", " 2/8 ", ".25"] {
            assert_eq!(text.parse::<Scale>().unwrap().to_string(), "1/4");
        }
        assert_eq!("1".parse(), Ok(Scale::ONE));
        assert_eq!("1.0".parse(), Ok(Scale::ONE));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "0", "1/0", "0/4", "-1", "a", "1/2/3", "0.", "1e3", "+1", "99999999999"] {
            assert!(text.parse::<Scale>().is_err(), "{text}");
        }
    }

    #[test]
    fn counts_round_up_and_never_vanish() {
        let tenth = Scale::new(1, 10).unwrap();
        assert_eq!(tenth.count(10_000.0), 1_000.0);
        assert_eq!(tenth.count(1_047.0), 105.0);
        assert_eq!(tenth.count(1.0), 1.0);
        assert_eq!(Scale::new(1, 3).unwrap().count(30.0), 10.0);
    }
}
