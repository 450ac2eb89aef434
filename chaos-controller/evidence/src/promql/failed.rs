//! Why a query that parses has no answer. The words are those of Prometheus where it has some, so that they can be
//! looked up.

/// The question made no sense for the series that were found, or for the times that were asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    #[error("vector cannot contain metrics with the same labelset: {labels}")]
    SameLabels { labels: String },
    #[error(
        "found duplicate series for the match group {group} on the {side} side of the operation: many-to-many matching \
         not allowed: matching labels must be unique on one side"
    )]
    ManyToMany { group: String, side: &'static str },
    #[error(
        "multiple matches for labels {group}: many-to-one matching must be explicit (group_left/group_right)"
    )]
    ManyToOne { group: String },
    #[error("multiple matches for labels: grouping labels must ensure unique matches: {labels}")]
    NotUnique { labels: String },
    #[error("a {kind} has no answer over a range: ask at an instant, or use a function such as rate()")]
    NotOverRange { kind: &'static str },
    #[error("a range needs a step of at least 1 ms and an end that is not before its start")]
    BadRange,
    #[error("{steps} steps are too many: at most {limit}, use a longer step")]
    TooManySteps { steps: u64, limit: u64 },
    #[error("times beyond {limit_ms} ms are no times of a lab")]
    TooFar { limit_ms: u64 },
    #[error(
        "this looks at more than {limit} samples; narrow the selector, or take a longer step, a shorter range or a \
         shorter window"
    )]
    TooMuch { limit: u64 },
    #[error("a label of {bytes} bytes is too long: at most {limit}")]
    LongLabel { bytes: usize, limit: usize },
    #[error("{value} is no number of series to keep")]
    NoCount { value: String },
}
