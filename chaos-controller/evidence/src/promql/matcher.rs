//! `=`, `!=`, `=~` and `!~`. A label that is not there has the empty value. Regular expressions are anchored at both
//! ends and their dot takes line breaks, as in Prometheus 3.

use regex::Regex;

/// What one label must be.
#[derive(Debug, Clone)]
pub(super) struct Matcher {
    pub(super) label: String,
    pub(super) test: Test,
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    Equal(String),
    NotEqual(String),
    Match(Regex),
    NotMatch(Regex),
}

impl Matcher {
    pub(super) fn takes(&self, value: &str) -> bool {
        match &self.test {
            Test::Equal(wanted) => value == wanted,
            Test::NotEqual(unwanted) => value != unwanted,
            Test::Match(pattern) => pattern.is_match(value),
            Test::NotMatch(pattern) => !pattern.is_match(value),
        }
    }
}

/// A pattern that must take the whole value.
pub(super) fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!("^(?s:{pattern})$"))
}
