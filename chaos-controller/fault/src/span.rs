//! A duration as people write it in files: `400ms`, `1.5s`, `2m`.
//!
//! One number and one unit. A bare number is refused: nobody should guess its unit.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time in a document, `<number><unit>` with the units us, ms, s, m and h.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub Duration);

const UNITS: [(&str, u64); 5] =
    [("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

const PATTERN: &str = r"^[0-9]+(\.[0-9]+)?(us|ms|s|m|h)$";

impl Span {
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    pub const fn get(self) -> Duration {
        self.0
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl fmt::Display for Span {
    /// The largest unit that writes the value as a whole number; below a microsecond it truncates.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        if micros == 0 {
            return f.write_str("0s");
        }
        let unit = UNITS
            .iter()
            // Hours and minutes only when exact; `90s` reads better than `1.5m`.
            .find(|(_, size)| micros.is_multiple_of(u128::from(*size)));
        let (name, size) = unit.unwrap_or(&UNITS[4]);
        write!(f, "{}{name}", micros / u128::from(*size))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse =
            || format!("`{text}` is not a duration: write a number and a unit, like 400ms, 1.5s or 2m");
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let size = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size).ok_or_else(refuse)?;
        if !number.starts_with(|c: char| c.is_ascii_digit()) || number.ends_with('.') {
            return Err(refuse());
        }
        let value: f64 = number.parse().map_err(|_| refuse())?;
        let seconds = value * size as f64 / 1e6;
        Duration::try_from_secs_f64(seconds).map(Self).map_err(|_| refuse())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": PATTERN,
            "description": "a duration, like 400ms, 1.5s or 2m",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        for (text, micros) in
            [("400ms", 400_000), ("1.5s", 1_500_000), ("2m", 120_000_000), ("250us", 250), ("0s", 0)]
        {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.0, Duration::from_micros(micros), "{text}");
        }
    }

    #[test]
    fn a_span_survives_writing_and_reading() {
        for text in ["400ms", "1500ms", "90s", "2m", "1h", "0s", "250us"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_not_a_span_is_refused() {
        for text in ["30", "s", "", "-1s", "1 s", ".5s", "5.s", "1.2.3s", "1e3s", "1d"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
