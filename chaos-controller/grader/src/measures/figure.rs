//! Where a number comes from, so that nobody has to believe it: the file and its span of time or its line, and where the
//! number is the answer to a query, the query and the moment to ask it at. A query is only told if asking it gives the
//! number; what was counted in another way says how instead.

use evidence::Entry;
use serde::{Deserialize, Serialize};

use super::Measures;
use crate::case::Case;
use crate::finding::round;
use crate::query;

/// How far the answer may be from the number. Counting and extrapolating differ by one scrape at most.
const LIKENESS: f64 = 0.01;

/// A number of the scorecard and its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its place in the scorecard: `measures.time_to.detect`, `money.lost`.
    pub name: String,
    pub value: f64,
    /// `s`, `share`, `requests`, ...; empty for a plain number.
    pub unit: String,
    /// The file, and the line or the span of time.
    pub evidence: String,
    /// PromQL that `value` is the answer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// When to ask it, on the run's clock: `firedrill query QUERY --run RUN --at 134200ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
}

impl Measures {
    /// Notes where a number is from, if there is one.
    pub(super) fn note(
        &mut self,
        name: impl Into<String>,
        value: Option<f64>,
        unit: &str,
        evidence: impl Into<String>,
    ) {
        let Some(value) = value else { return };
        self.figures.push(Figure {
            name: name.into(),
            value,
            unit: unit.to_owned(),
            evidence: evidence.into(),
            query: None,
            at_ms: None,
        });
    }

    /// The same with a query, unless that gives another answer.
    pub(super) fn ask(
        &mut self,
        case: &Case<'_>,
        name: impl Into<String>,
        value: Option<f64>,
        unit: &str,
        (evidence, promql, at_ms): (String, String, u64),
    ) {
        let Some(value) = value else { return };
        let answers = query::vector(&case.recording.samples, &promql, at_ms);
        let same = |answer: f64| (answer - value).abs() <= LIKENESS * value.abs().max(1e-6);
        let answered = matches!(answers.as_slice(), [(_, answer)] if same(*answer));
        self.note(name, Some(value), unit, evidence);
        if let Some(figure) = self.figures.last_mut().filter(|_| answered) {
            (figure.query, figure.at_ms) = (Some(promql), Some(at_ms));
        }
    }
}

/// An entry of the journal as evidence.
pub(crate) fn journal(entry: &Entry) -> String {
    format!("journal: entry {}", entry.seq)
}

/// Seconds after the fault's start.
pub(super) fn seconds(case: &Case<'_>, t_ms: u64) -> f64 {
    round(case.moments.seconds(t_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    fn asked(value: f64, promql: &str) -> Figure {
        let bed = Bed::never_recovered();
        let recording = bed.recording();
        let case = Case::new(&recording, bed.plan());
        let mut measures = Measures::default();
        let from = ("samples.bin".to_owned(), promql.to_owned(), 20_000);
        measures.ask(&case, "x", Some(value), "", from);
        measures.figures.remove(0)
    }

    #[test]
    fn a_query_that_gives_the_number_is_told_with_its_moment() {
        let figure = asked(80.0, "lab_queue_depth{service=\"payment\"}");
        assert_eq!(figure.at_ms, Some(20_000), "{figure:?}");
    }

    #[test]
    fn a_query_that_gives_another_number_is_not() {
        assert_eq!(asked(79.0, "lab_queue_depth{service=\"payment\"}").query, None);
        assert_eq!(asked(80.0, "lab_queue_depth{service=\"nobody\"}").query, None);
    }

    #[test]
    fn what_is_unknown_has_no_figure() {
        let mut measures = Measures::default();
        measures.note("x", None, "s", "journal");
        assert!(measures.figures.is_empty());
    }
}
