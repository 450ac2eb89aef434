//! How a plan writes its times: as the words of the drill file (`400ms`, `1.5s`), so that a person
//! can read a saved plan, and exactly, so that reading it back gives the same plan.

/// `#[serde(with = "word")]` for a `Duration`.
pub(crate) mod word {
    use std::time::Duration;

    use resilience::policy::Span;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        Span(*time).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Span::deserialize(from).map(Span::get)
    }
}

/// `#[serde(with = "word_or_nothing")]` for an optional `Duration`.
pub(crate) mod word_or_nothing {
    use std::time::Duration;

    use resilience::policy::Span;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        time.map(Span).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<Span>::deserialize(from)?.map(Span::get))
    }
}
