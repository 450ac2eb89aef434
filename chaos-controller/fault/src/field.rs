//! One key of an effect's document: its name, whether it must be there, and what reads it.

use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) reads: fn(&Value) -> Result<(), String>,
}

impl Field {
    pub(crate) const fn required<T: DeserializeOwned>(name: &'static str) -> Self {
        Self { name, required: true, reads: reads::<T> }
    }

    pub(crate) const fn optional<T: DeserializeOwned>(name: &'static str) -> Self {
        Self { name, required: false, reads: reads::<T> }
    }
}

/// Whether the value is a `T`, and why not.
pub(crate) fn reads<T: DeserializeOwned>(value: &Value) -> Result<(), String> {
    serde_json::from_value::<T>(value.clone()).map(drop).map_err(|error| error.to_string())
}
