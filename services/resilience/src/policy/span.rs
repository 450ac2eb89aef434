//! A length of time as people write it: `400ms`, `10s`, `1.5s`.
//!
//! One number and one unit (`us`, `ms`, `s`, `m`, `h`), never a sum, so that two spans compare at a glance. Kept to the
//! nanosecond in integers: a document that is read and written again does not drift.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a span may look like (ECMA 262). Digits are bounded so that the largest one still is a `Duration`.
pub const PATTERN: &str = r"^[0-9]{1,9}(\.[0-9]{1,9})?(us|ms|s|m|h)$";

/// Smallest unit last, as nanoseconds.
const UNITS: [(&str, u64); 5] =
    [("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];

/// A duration with a written form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub Duration);

impl Span {
    pub const fn millis(millis: u64) -> Span {
        Span(Duration::from_millis(millis))
    }

    pub const fn seconds(seconds: u64) -> Span {
        Span(Duration::from_secs(seconds))
    }

    pub const fn get(self) -> Duration {
        self.0
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Duration {
        span.0
    }
}

/// The text is not a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotASpan;

impl fmt::Display for NotASpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a time such as 400ms, 1.5s or 2m")
    }
}

impl std::error::Error for NotASpan {}

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Span, NotASpan> {
        let digits = text.find(|c: char| c.is_ascii_alphabetic()).ok_or(NotASpan)?;
        let (number, unit) = text.split_at(digits);
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(NotASpan)?;
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (number, None),
        };
        let read = |part: &str| match part {
            "" => Err(NotASpan),
            _ if part.len() > 9 || !part.bytes().all(|b| b.is_ascii_digit()) => Err(NotASpan),
            _ => part.parse::<u128>().map_err(|_| NotASpan),
        };
        let unit = u128::from(*nanos);
        let mut total = read(whole)? * unit;
        if let Some(fraction) = fraction {
            total += read(fraction)? * unit / 10u128.pow(fraction.len() as u32);
        }
        let seconds = u64::try_from(total / 1_000_000_000).map_err(|_| NotASpan)?;
        Ok(Span(Duration::new(seconds, (total % 1_000_000_000) as u32)))
    }
}

impl fmt::Display for Span {
    /// Seconds from one second up, else milliseconds, else microseconds, with as many decimals as are needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let (name, unit) = match nanos {
            1_000_000_000.. => UNITS[2],
            1_000_000.. => UNITS[1],
            1.. => UNITS[0],
            0 => UNITS[2],
        };
        let unit = u128::from(unit);
        write!(f, "{}", nanos / unit)?;
        let rest = nanos % unit;
        if rest > 0 {
            let width = unit.ilog10() as usize;
            write!(f, ".{}", format!("{rest:0width$}").trim_end_matches('0'))?;
        }
        f.write_str(name)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|e| de::Error::custom(format!("`{text}`: {e}")))
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A length of time: one number and one unit, such as 400ms, 1.5s, 10s or 2m.",
            "type": "string",
            "pattern": PATTERN,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_is_written() {
        for text in ["400ms", "10s", "1.5s", "0.25ms", "90s", "0s", "33.333ms"] {
            let span: Span = text.parse().unwrap();
            let again: Span = span.to_string().parse().unwrap();
            assert_eq!(span, again, "{text}");
        }
        assert_eq!("400ms".parse::<Span>().unwrap().to_string(), "400ms");
        assert_eq!("1.5s".parse::<Span>().unwrap().to_string(), "1.5s");
        assert_eq!("1500ms".parse::<Span>().unwrap().to_string(), "1.5s");
        assert_eq!("2m".parse::<Span>().unwrap(), Span::seconds(120));
        assert_eq!("0.25ms".parse::<Span>().unwrap().to_string(), "250us");
    }

    #[test]
    fn a_number_without_a_unit_is_not_a_span() {
        for text in
            ["", "10", "s", ".5s", "5.s", "-1s", "1 s", "1s500ms", "1e3s", "10S", "1234567890s", "+1s"]
        {
            assert_eq!(text.parse::<Span>(), Err(NotASpan), "{text}");
        }
    }

    #[test]
    fn the_largest_writable_span_still_fits() {
        assert!("999999999.999999999h".parse::<Span>().is_ok());
    }
}
