//! Whether there is anything to answer a query from. An empty answer alone does not tell "it is not so" from "nobody
//! knows", and a verdict must.

use super::expr::Expr;
use super::query::Query;
use super::select::Found;
use crate::samples::Samples;

/// How many of a query's selectors found samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Selectors of the query, but for those in `absent()`, which asks for what is not there; unless a comparison stands
    /// between, because then it asks for what is not beyond a bound.
    pub selectors: usize,
    /// Of these, the ones that some series had a value for.
    pub with_samples: usize,
}

impl Seen {
    /// Every selector found something.
    #[must_use]
    pub fn all(self) -> bool {
        self.with_samples == self.selectors
    }

    /// There are selectors, and none of them found anything.
    #[must_use]
    pub fn none(self) -> bool {
        self.selectors > 0 && self.with_samples == 0
    }
}

impl Query {
    /// What the query's selectors find between two moments, both included; `offset` and `@` are not followed.
    #[must_use]
    pub fn seen(&self, samples: &Samples, from_ms: u64, to_ms: u64) -> Seen {
        let mut seen = Seen { selectors: 0, with_samples: 0 };
        self.expr().each_selector(&mut |selector, absent| {
            if absent {
                return;
            }
            seen.selectors += 1;
            let found = selector.find(samples).into_iter().any(|found| match found {
                Found::Up(_) => true,
                Found::Series(series) => {
                    let mut points = series.points.iter().filter(|(_, value)| !value.is_nan());
                    series.at(from_ms).is_some() || points.any(|(t, _)| (from_ms..=to_ms).contains(t))
                }
            });
            seen.with_samples += usize::from(found);
        });
        seen
    }
}

impl Expr {
    /// Adds the names of the metrics that are selected by name.
    pub(super) fn metrics(&self, names: &mut Vec<String>) {
        self.each_selector(&mut |selector, _| {
            if let Some(name) = selector.name.as_ref().filter(|name| !names.contains(name)) {
                names.push(name.clone());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::SampleWriter;

    fn seen(query: &str) -> (usize, usize) {
        let mut writer = SampleWriter::new();
        let bytes = writer.scrape(1_000, "cart", "cart-0", "m{a=\"1\"} 1\n");
        let seen = Query::parse(query).unwrap().seen(&Samples::decode(&bytes).unwrap(), 2_000, 3_000);
        (seen.with_samples, seen.selectors)
    }

    #[test]
    fn a_selector_without_samples_is_told_from_an_answer_that_is_no() {
        assert_eq!(seen("m > 5"), (1, 1));
        assert_eq!(seen("m{a=\"2\"} > 5"), (0, 1));
        assert_eq!(seen("sum(rate(m{a=\"2\"}[5s])) / sum(m)"), (1, 2));
        assert_eq!(seen("absent(nothing)"), (0, 0));
        assert_eq!(seen("absent(nothing > bool 10)"), (0, 0));
        assert_eq!(seen("absent(m{a=\"2\"} > 10)"), (0, 1));
        assert_eq!(seen("absent_over_time((sum(m) > 10)[5s:1s])"), (1, 1));
        assert_eq!(seen("up{service=\"cart\"} == 1"), (1, 1));
    }
}
