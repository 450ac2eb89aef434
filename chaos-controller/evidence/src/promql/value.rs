//! What a query answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Label names and values; the name of the metric is `__name__`, where it was kept.
pub type Labels = BTreeMap<String, String>;

/// The answer at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Scalar(f64),
    /// In the order of labels, or in the order that `sort` or `topk` gave.
    Vector(Vec<Sample>),
    /// Of a range such as `x[1m]`: what was scraped in it.
    Matrix(Vec<Row>),
    Text(String),
}

/// One series at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub labels: Labels,
    pub value: f64,
}

/// One series over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub labels: Labels,
    /// `(t_ms, value)`, only where there is one.
    pub points: Vec<(u64, f64)>,
}
