//! A query that was read once and can be asked many times.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::expr::Expr;
use super::lower;
use super::refused::Refused;

/// A parsed query. Two are equal when their texts are.
#[derive(Clone)]
pub struct Query {
    text: String,
    kind: Kind,
    metrics: Vec<String>,
    expr: Arc<Expr>,
}

/// What a query answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Scalar,
    Vector,
    /// A range of samples, which only an instant can be asked for.
    Matrix,
    Text,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// The text is no PromQL, or asks for what this evaluator does not know.
    pub fn parse(text: &str) -> Result<Query, Refused> {
        let (expr, kind) = lower::parse(text)?;
        let mut metrics = Vec::new();
        expr.metrics(&mut metrics);
        Ok(Query { text: text.to_owned(), kind, metrics, expr: Arc::new(expr) })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The names of the metrics that it selects by name, each once, in the order of the text.
    pub fn metrics(&self) -> Vec<&str> {
        self.metrics.iter().map(String::as_str).collect()
    }

    pub(super) fn expr(&self) -> &Expr {
        &self.expr
    }
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Query {}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.text).finish()
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Query {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Query::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
