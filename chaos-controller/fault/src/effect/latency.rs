//! `latency`: the answer comes late. The quantile functions are in `distribution.rs`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Span;
use crate::check::Problems;
use crate::field::Field;

/// The longest latency any draw can give; heavy tails are cut here. A longer one is a `hang`.
pub const LONGEST_LATENCY: Duration = Duration::from_secs(600);

/// A distribution of latencies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Latency {
    Fixed {
        value: Span,
    },
    Uniform {
        min: Span,
        max: Span,
    },
    /// Cut at zero.
    Normal {
        mean: Span,
        stddev: Span,
    },
    Lognormal {
        p50: Span,
        p99: Span,
    },
    Pareto {
        p50: Span,
        p99: Span,
    },
}

/// The keys of a distribution by its name.
pub(crate) fn fields(shape: &str) -> &'static [Field] {
    const FIXED: &[Field] = &[Field::required::<Span>("value")];
    const UNIFORM: &[Field] = &[Field::required::<Span>("min"), Field::required::<Span>("max")];
    const NORMAL: &[Field] = &[Field::required::<Span>("mean"), Field::required::<Span>("stddev")];
    const TAILED: &[Field] = &[Field::required::<Span>("p50"), Field::required::<Span>("p99")];
    match shape {
        "fixed" => FIXED,
        "uniform" => UNIFORM,
        "normal" => NORMAL,
        _ => TAILED,
    }
}

impl Latency {
    pub(crate) fn check(&self, problems: &mut Problems) {
        let path = |field: &str| format!("effect.latency.{field}");
        let fields: &[(&str, Span)] = match self {
            Self::Fixed { value } => &[("fixed.value", *value)],
            Self::Uniform { min, max } => {
                problems.ordered(&path("uniform"), ("min", *min), ("max", *max));
                &[("uniform.min", *min), ("uniform.max", *max)]
            }
            Self::Normal { mean, stddev } => &[("normal.mean", *mean), ("normal.stddev", *stddev)],
            Self::Lognormal { p50, p99 } => {
                problems.positive(&path("lognormal.p50"), *p50);
                problems.ordered(&path("lognormal"), ("p50", *p50), ("p99", *p99));
                &[("lognormal.p50", *p50), ("lognormal.p99", *p99)]
            }
            Self::Pareto { p50, p99 } => {
                problems.positive(&path("pareto.p50"), *p50);
                problems.ordered(&path("pareto"), ("p50", *p50), ("p99", *p99));
                &[("pareto.p50", *p50), ("pareto.p99", *p99)]
            }
        };
        for (field, span) in fields {
            problems.at_most(&path(field), *span, LONGEST_LATENCY);
        }
    }
}
