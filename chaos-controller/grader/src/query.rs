//! Asking the recording in PromQL: what a criterion rests on is a query that anybody can ask again.
//!
//! Growth is written as `x - x offset 8s` and not as `increase(x[8s])`. Prometheus extrapolates an increase to the whole
//! window, and does not count what a series had when it was born within it (the first timeout of an edge makes a series
//! of its own); the difference of two sums is what was counted, no more and no less. Where a process was started anew in
//! the span the difference is wrong, so there, and only there, the query is the extrapolated `increase`.

use evidence::Samples;
use evidence::promql::{self, Labels, Query, Row, Value, instant};

use crate::moments::Span;

/// A counter's growth over a span, summed by labels, as PromQL.
pub(crate) fn growth(samples: &Samples, counter: &str, by: &str, span: Span) -> String {
    let length = words(span.to.saturating_sub(span.from));
    if reset(samples, counter, span) {
        return format!("sum by ({by}) (increase({counter}[{length}]))");
    }
    // A series that was not there before has grown from nothing: `sum` leaves it out of the second term, but for a
    // group that has no other.
    format!(
        "(sum by ({by}) ({counter}) - (sum by ({by}) ({counter} offset {length}) or 0 * sum by ({by}) ({counter})))"
    )
}

/// A vector at a moment; empty if there is no answer.
pub(crate) fn vector(samples: &Samples, text: &str, t_ms: u64) -> Vec<(Labels, f64)> {
    let Ok(query) = Query::parse(text) else { return Vec::new() };
    match instant(&query, samples, t_ms) {
        Ok(Value::Vector(found)) => found.into_iter().map(|one| (one.labels, one.value)).collect(),
        _ => Vec::new(),
    }
}

/// Each series of an answer over a span; empty if there is none.
pub(crate) fn range(samples: &Samples, text: &str, span: Span, step_ms: u64) -> Vec<Row> {
    let Ok(query) = Query::parse(text) else { return Vec::new() };
    promql::range(&query, samples, span.from, span.to, step_ms).unwrap_or_default()
}

/// A process that exposes the counter was started anew in the span, or not seen at its start: then the term of the start
/// lacks what the series had counted until then, and the difference would be its whole life.
fn reset(samples: &Samples, counter: &str, span: Span) -> bool {
    let name = counter.split('{').next().unwrap_or(counter);
    samples.series(name, &[]).iter().any(|series| {
        let place = |t_ms: u64| series.points.partition_point(|(t, _)| *t <= t_ms);
        let (from, to) = (place(span.from), place(span.to));
        let mut last = series.at(span.from);
        if last.is_none() && series.points[..from].iter().any(|(_, value)| !value.is_nan()) {
            return true;
        }
        series.points[from..to.max(from)].iter().any(|&(_, value)| {
            let anew = value.is_nan() || last.is_some_and(|before| value < before);
            last = Some(value).filter(|value| !value.is_nan());
            anew
        })
    })
}

/// The command that asks again, in a shell, beside the folder of all runs.
pub(crate) fn command(query: &str, run: &str, at_ms: Option<u64>) -> String {
    let at = at_ms.map_or(String::new(), |at_ms| format!(" --at {at_ms}ms"));
    format!("firedrill query '{}' --run runs/{run}{at}", query.replace('\'', r"'\''"))
}

/// A length of time as PromQL writes it.
pub(crate) fn words(length_ms: u64) -> String {
    if length_ms.is_multiple_of(1_000) { format!("{}s", length_ms / 1_000) } else { format!("{length_ms}ms") }
}

#[cfg(test)]
mod tests {
    use evidence::SampleWriter;

    use super::*;

    fn samples(texts: &[&str]) -> Samples {
        let mut writer = SampleWriter::new();
        let scrape =
            |(second, text): (usize, &&str)| writer.scrape(second as u64 * 1_000, "cart", "cart-0", text);
        let bytes: Vec<u8> = texts.iter().enumerate().flat_map(scrape).collect();
        Samples::decode(&bytes).unwrap()
    }

    fn grown(texts: &[&str]) -> (f64, bool) {
        let samples = samples(texts);
        let span = Span { from: 1_000, to: 3_000 };
        let text = growth(&samples, "m", "service", span);
        (vector(&samples, &text, span.to)[0].1, text.contains("increase"))
    }

    #[test]
    fn a_command_is_complete_and_survives_a_shell() {
        assert_eq!(command("up", "r1", Some(134_200)), "firedrill query 'up' --run runs/r1 --at 134200ms");
        assert_eq!(command("a{b='c'}", "r1", None), r"firedrill query 'a{b='\''c'\''}' --run runs/r1");
    }

    #[test]
    fn growth_is_what_was_counted() {
        assert_eq!(grown(&["m 1\n", "m 2\n", "m 5\n", "m 9\n"]), (7.0, false));
    }

    #[test]
    fn a_series_that_is_born_in_the_span_counts_from_nothing() {
        assert_eq!(
            grown(&[
                "m{a=\"1\"} 1\n",
                "m{a=\"1\"} 1\n",
                "m{a=\"1\"} 1\nm{a=\"2\"} 4\n",
                "m{a=\"1\"} 1\nm{a=\"2\"} 4\n"
            ]),
            (4.0, false)
        );
        assert_eq!(grown(&["x 1\n", "x 1\n", "m 3\n", "m 4\n"]), (4.0, false));
    }

    #[test]
    fn a_process_that_was_not_seen_at_the_start_does_not_count_its_whole_life() {
        let mut writer = SampleWriter::new();
        let mut bytes = writer.scrape(0, "cart", "cart-0", "m 1000\n");
        bytes.extend(writer.dead(1_000, "cart", "cart-0"));
        for (t_ms, text) in [(2_000, "m 1001\n"), (3_000, "m 1002\n"), (4_000, "m 1003\n")] {
            bytes.extend(writer.scrape(t_ms, "cart", "cart-0", text));
        }
        let samples = Samples::decode(&bytes).unwrap();
        let span = Span { from: 1_000, to: 4_000 };
        let grown = vector(&samples, &growth(&samples, "m", "service", span), span.to)[0].1;
        assert!((2.0..=3.5).contains(&grown), "{grown}");
    }

    #[test]
    fn after_a_restart_the_increase_is_extrapolated() {
        let (grown, extrapolated) = grown(&["m 10\n", "m 12\n", "m 1\n", "m 3\n"]);
        assert!(extrapolated && grown > 0.0, "{grown}");
    }
}
