//! `firedrill schema`: the JSON Schemas, for editors and for other programs.

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::output::write_json;

/// Flags of `schema`.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of what
    #[arg(value_enum)]
    of: Of,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// drill.yaml
    Drill,
    /// candidates/*.yaml
    Candidate,
    /// answer.yaml
    Answer,
    /// A policy document
    Policy,
    /// A merge patch on a policy document
    Patch,
    /// A fault
    Fault,
}

impl Schema {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        write_json(&schema(self.of));
        Ok(Exit::Pass)
    }
}

fn schema(of: Of) -> Value {
    match of {
        Of::Drill => drill::drill_schema().clone(),
        Of::Candidate => drill::candidate_schema().clone(),
        Of::Answer => drill::answer_schema().clone(),
        Of::Policy => resilience::policy::schema(),
        Of::Patch => resilience::policy::patch_schema(),
        Of::Fault => fault::schema(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_describes_an_object() {
        for of in Of::value_variants() {
            assert!(schema(*of).is_object(), "{of:?}");
        }
    }
}
