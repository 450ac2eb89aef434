//! The two words of the document: a [`Setting`] is `off` or a value, a [`Switch`] is `on` or `off`.
//!
//! They are words, never booleans: YAML 1.2 reads `on` and `off` as strings, and a reader of a diff should
//! see the same word that was written.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `off`, or a `T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting<T> {
    Off,
    On(T),
}

impl<T> Setting<T> {
    /// The value, unless it is off.
    pub fn on(&self) -> Option<&T> {
        match self {
            Setting::Off => None,
            Setting::On(value) => Some(value),
        }
    }
}

/// `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Switch {
    On,
    Off,
}

impl Switch {
    pub fn is_on(self) -> bool {
        self == Switch::On
    }
}

impl<T: Serialize> Serialize for Setting<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Setting::Off => serializer.serialize_str("off"),
            Setting::On(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Setting<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        enum Word {
            #[serde(rename = "off")]
            Off,
        }
        // The word comes first: a `Span` is a string as well.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<T> {
            Off(Word),
            On(T),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Off(Word::Off) => Setting::Off,
            Either::On(value) => Setting::On(value),
        })
    }
}

impl<T: JsonSchema> JsonSchema for Setting<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Setting_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [{ "const": "off" }, value] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Span;

    #[test]
    fn off_is_a_word_and_anything_else_is_the_value() {
        let read = |text: &str| serde_json::from_str::<Setting<Span>>(text);
        assert_eq!(read("\"off\"").unwrap(), Setting::Off);
        assert_eq!(read("\"400ms\"").unwrap(), Setting::On(Span::millis(400)));
        assert!(read("false").is_err());
        assert_eq!(serde_json::to_string(&Setting::<u32>::Off).unwrap(), "\"off\"");
        assert_eq!(serde_json::to_string(&Setting::On(50)).unwrap(), "50");
    }
}
