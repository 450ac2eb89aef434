//! The schemas of the drill's files, and checking a tree against one. The schema that editors get
//! is the one that files are checked against, so they cannot disagree.

mod embed;
mod suggest;
mod walk;

use std::sync::LazyLock;

use serde_json::Value;

pub(crate) use suggest::did_you_mean;
pub(crate) use walk::walk;

use crate::file::{answer::Answer, candidate::CandidateFile, drill::DrillFile};

static DRILL: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(DrillFile).to_value();
    embed::embed(&mut schema, "/properties/policy", "policy", resilience::policy::schema());
    embed::add_variants(&mut schema);
    schema
});

static CANDIDATE: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(CandidateFile).to_value();
    let patch = resilience::policy::patch_schema();
    embed::embed(&mut schema, "/$defs/StepFile/properties/patch", "patch", patch);
    schema
});

static ANSWER: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(Answer).to_value();
    embed::add_variants(&mut schema);
    schema
});

/// JSON Schema (2020-12) of `drill.yaml`.
#[must_use]
pub fn drill_schema() -> &'static Value {
    &DRILL
}

/// JSON Schema (2020-12) of `candidates/*.yaml`.
#[must_use]
pub fn candidate_schema() -> &'static Value {
    &CANDIDATE
}

/// JSON Schema (2020-12) of `answer.yaml`.
#[must_use]
pub fn answer_schema() -> &'static Value {
    &ANSWER
}
