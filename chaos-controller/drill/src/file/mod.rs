//! What the files of a drill's folder may say, as types: serde reads them, schemars describes them,
//! and the description is what the texts are checked against. Plain shapes only (no untagged,
//! flattened or internally tagged types), because those lose the place of a mistake.

pub(crate) mod answer;
pub(crate) mod candidate;
pub(crate) mod condition;
pub(crate) mod drill;
pub(crate) mod rules;
