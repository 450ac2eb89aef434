//! Labels while a query runs: sorted pairs that are borrowed from the samples wherever possible. A label with an empty
//! value is one that is not there.

use std::borrow::Cow;
use std::fmt;

use super::expr::Grouping;
use super::value::Labels;
use crate::samples::Series;

/// The label that holds the name of a metric.
pub(super) const NAME: &str = "__name__";
/// What every series of a lab carries as `job`, as a scraper would attach it.
pub(super) const JOB: &str = "firedrill";

type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct Tags<'a>(Vec<Pair<'a>>);

impl<'a> Tags<'a> {
    /// Of pairs in any order; of two with the same name the first counts.
    pub(super) fn of(pairs: impl IntoIterator<Item = Pair<'a>>) -> Self {
        let mut pairs: Vec<Pair<'a>> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|later, earlier| later.0 == earlier.0);
        Tags(pairs)
    }

    pub(super) fn of_series(series: &'a Series) -> Self {
        let own = [(NAME, series.name.as_str())];
        let job = (!series.recorded).then_some(("job", JOB));
        let said = series.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Tags::of(
            own.into_iter()
                .chain(job)
                .chain(said)
                .map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value))),
        )
    }

    /// The value of a label; empty if it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.0.retain(|(key, _)| key != name);
        if !value.is_empty() {
            let at = self.0.partition_point(|(key, _)| key.as_ref() < name);
            self.0.insert(at, (Cow::Owned(name.to_owned()), Cow::Owned(value.to_owned())));
        }
    }

    pub(super) fn nameless(mut self) -> Self {
        self.0.retain(|(key, _)| key != NAME);
        self
    }

    pub(super) fn keep(mut self, names: &[String]) -> Self {
        self.0.retain(|(key, _)| names.iter().any(|name| key == name));
        self
    }

    pub(super) fn without(mut self, names: &[String]) -> Self {
        self.0.retain(|(key, _)| !names.iter().any(|name| key == name));
        self
    }

    /// The labels of the group that this series belongs to.
    pub(super) fn group(&self, grouping: &Grouping) -> Tags<'a> {
        match grouping {
            Grouping::By(names) => self.clone().keep(names),
            Grouping::Without(names) => self.clone().nameless().without(names),
        }
    }

    pub(super) fn to_labels(&self) -> Labels {
        self.0.iter().map(|(name, value)| (name.as_ref().to_owned(), value.as_ref().to_owned())).collect()
    }
}

impl fmt::Display for Tags<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = self.0.iter().filter(|(key, _)| key != NAME);
        let others: Vec<String> = others.map(|(key, value)| format!("{key}={value:?}")).collect();
        write!(f, "{}{{{}}}", self.get(NAME), others.join(", "))
    }
}
