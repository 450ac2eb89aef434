//! The functions and aggregations that there are, by name. The number and types of arguments are checked by the parser;
//! what is not in this table is refused.

/// A function over the samples of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Roll {
    Rate,
    Increase,
    Delta,
    Irate,
    Idelta,
    Deriv,
    PredictLinear,
    Changes,
    Resets,
    AvgOverTime,
    MinOverTime,
    MaxOverTime,
    SumOverTime,
    CountOverTime,
    QuantileOverTime,
    StddevOverTime,
    StdvarOverTime,
    LastOverTime,
    PresentOverTime,
}

/// A function of one value and of scalars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Map {
    Abs,
    Ceil,
    Clamp,
    ClampMax,
    ClampMin,
    Exp,
    Floor,
    Ln,
    Log10,
    Log2,
    Round,
    Sgn,
    Sqrt,
}

/// Many series of a group into one, or into fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    Stddev,
    Stdvar,
    Quantile,
    Topk,
    Bottomk,
    CountValues,
}

/// What a name stands for when a parenthesis follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Roll(Roll),
    Map(Map),
    HistogramQuantile,
    Absent,
    LabelReplace,
    LabelJoin,
    Sort { descending: bool },
    Scalar,
    Vector,
    Time,
    Timestamp,
}

/// Every function, by name, sorted.
pub(super) const FUNCTIONS: [(&str, Function); 43] = [
    ("abs", Function::Map(Map::Abs)),
    ("absent", Function::Absent),
    ("absent_over_time", Function::Absent),
    ("avg_over_time", Function::Roll(Roll::AvgOverTime)),
    ("ceil", Function::Map(Map::Ceil)),
    ("changes", Function::Roll(Roll::Changes)),
    ("clamp", Function::Map(Map::Clamp)),
    ("clamp_max", Function::Map(Map::ClampMax)),
    ("clamp_min", Function::Map(Map::ClampMin)),
    ("count_over_time", Function::Roll(Roll::CountOverTime)),
    ("delta", Function::Roll(Roll::Delta)),
    ("deriv", Function::Roll(Roll::Deriv)),
    ("exp", Function::Map(Map::Exp)),
    ("floor", Function::Map(Map::Floor)),
    ("histogram_quantile", Function::HistogramQuantile),
    ("idelta", Function::Roll(Roll::Idelta)),
    ("increase", Function::Roll(Roll::Increase)),
    ("irate", Function::Roll(Roll::Irate)),
    ("label_join", Function::LabelJoin),
    ("label_replace", Function::LabelReplace),
    ("last_over_time", Function::Roll(Roll::LastOverTime)),
    ("ln", Function::Map(Map::Ln)),
    ("log10", Function::Map(Map::Log10)),
    ("log2", Function::Map(Map::Log2)),
    ("max_over_time", Function::Roll(Roll::MaxOverTime)),
    ("min_over_time", Function::Roll(Roll::MinOverTime)),
    ("predict_linear", Function::Roll(Roll::PredictLinear)),
    ("present_over_time", Function::Roll(Roll::PresentOverTime)),
    ("quantile_over_time", Function::Roll(Roll::QuantileOverTime)),
    ("rate", Function::Roll(Roll::Rate)),
    ("resets", Function::Roll(Roll::Resets)),
    ("round", Function::Map(Map::Round)),
    ("scalar", Function::Scalar),
    ("sgn", Function::Map(Map::Sgn)),
    ("sort", Function::Sort { descending: false }),
    ("sort_desc", Function::Sort { descending: true }),
    ("sqrt", Function::Map(Map::Sqrt)),
    ("stddev_over_time", Function::Roll(Roll::StddevOverTime)),
    ("stdvar_over_time", Function::Roll(Roll::StdvarOverTime)),
    ("sum_over_time", Function::Roll(Roll::SumOverTime)),
    ("time", Function::Time),
    ("timestamp", Function::Timestamp),
    ("vector", Function::Vector),
];

/// Every aggregation, by name, sorted.
pub(super) const AGGREGATIONS: [(&str, Fold); 12] = [
    ("avg", Fold::Avg),
    ("bottomk", Fold::Bottomk),
    ("count", Fold::Count),
    ("count_values", Fold::CountValues),
    ("group", Fold::Group),
    ("max", Fold::Max),
    ("min", Fold::Min),
    ("quantile", Fold::Quantile),
    ("stddev", Fold::Stddev),
    ("stdvar", Fold::Stdvar),
    ("sum", Fold::Sum),
    ("topk", Fold::Topk),
];

pub(super) fn function(name: &str) -> Option<Function> {
    FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
}

pub(super) fn aggregation(name: &str) -> Option<Fold> {
    AGGREGATIONS.iter().find(|(known, _)| *known == name).map(|(_, fold)| *fold)
}
