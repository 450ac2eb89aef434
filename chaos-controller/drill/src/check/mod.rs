//! What no schema can say: that names exist, that times fit each other, that a patched policy is
//! still a policy. Each check reads only its part of the tree and is silent about parts that the
//! schema has already found wrong, so that one run tells everything.

pub(crate) mod aftermath;
pub(crate) mod candidate;
pub(crate) mod drill;
pub(crate) mod guardrail;
pub(crate) mod policy;
pub(crate) mod query;
mod target;
pub(crate) mod trigger;
mod words;

use std::ops::Range;

use serde::de::DeserializeOwned;

use crate::{
    diagnostic::{Diagnostic, Finding, Problems},
    source::Source,
    tree::Node,
};

/// Problems of one source, under way.
pub(crate) struct Report<'a> {
    pub(crate) source: &'a Source,
    pub(crate) problems: &'a mut Problems,
}

impl Report<'_> {
    pub(crate) fn add(&mut self, span: Range<usize>, finding: Finding) {
        self.problems.add(self.source, span, finding);
    }

    /// Adds what is worth telling only if nothing is told about this place yet.
    pub(crate) fn remark(&mut self, span: Range<usize>, finding: Finding) {
        let told = |other: &Diagnostic| other.source == self.source.name && other.span == span;
        if !self.problems.list().iter().any(told) {
            self.add(span, finding);
        }
    }
}

/// A part of a file as its type; `None` if it is absent or wrong.
pub(crate) fn part<T: DeserializeOwned>(node: Option<&Node>) -> Option<T> {
    serde_json::from_value(node?.to_value()).ok()
}
