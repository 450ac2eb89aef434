//! An amount of memory as people write it in files: `200MiB`, `512KiB`, `1.5GiB`.
//!
//! One number and one unit. A bare number is refused: nobody should guess its unit.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes in a document, `<number><unit>` with the units KiB, MiB and GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(pub u64);

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

const PATTERN: &str = r"^[0-9]+(\.[0-9]+)?(KiB|MiB|GiB)$";

impl Size {
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }

    /// In MiB, for people.
    pub fn as_mib(self) -> f64 {
        self.0 as f64 / (1 << 20) as f64
    }
}

impl fmt::Display for Size {
    /// The largest unit that writes the value as a whole number; below a KiB it truncates.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, size)| self.0 > 0 && self.0.is_multiple_of(*size));
        let (name, size) = whole.unwrap_or(&UNITS[2]);
        write!(f, "{}{name}", self.0 / size)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!("`{text}` is not an amount of memory: write a number and a unit, like 200MiB or 1.5GiB")
        };
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let size = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size).ok_or_else(refuse)?;
        if !number.starts_with(|c: char| c.is_ascii_digit()) || number.ends_with('.') {
            return Err(refuse());
        }
        let value: f64 = number.parse().map_err(|_| refuse())?;
        Ok(Self((value * size as f64) as u64))
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": PATTERN,
            "description": "an amount of memory, like 200MiB or 1.5GiB",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them_and_survive() {
        for (text, bytes) in [("200MiB", 200 << 20), ("512KiB", 512 << 10), ("3GiB", 3 << 30)] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.0, size.to_string().as_str()), (bytes, text));
        }
        assert_eq!("1.5GiB".parse::<Size>(), Ok(Size::mib(1536)));
        for text in ["200", "MiB", "", "-1MiB", "1 MiB", "5.MiB", "200MB", "200mib"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
