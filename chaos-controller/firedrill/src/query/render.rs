//! An answer for people and for spreadsheets. What all series have in common is said once; a row has what tells it
//! from the others.

use std::collections::{BTreeMap, BTreeSet};

use controller::api::query::{Answer, Data, Instant, Point, Range, Time};
use evidence::promql::Query;

use super::clock_time;
use crate::figures::Unit;
use crate::output::table;
use crate::spark::{span, spark};

type Labels = BTreeMap<String, String>;

/// The name of a metric, among its labels.
const NAME: &str = "__name__";
/// Columns of a sparkline.
const SPARK: usize = 40;
/// Rows up to which those that are 0 are shown, too.
const SHORT: usize = 10;
/// The last points that are shown of a range without steps.
const TAIL: usize = 8;

/// The answer for a person.
pub(crate) fn text(answer: &Answer, query: &Query) -> String {
    let mut text = match &answer.data {
        Data::Scalar(point) => format!("{}\n", unit(&Labels::new(), query).write(value(point))),
        Data::String((_, text)) => format!("{text}\n"),
        Data::Vector(vector) => {
            let shown = worth_a_row(vector);
            let labels: Vec<&Labels> = shown.iter().map(|one| &one.metric).collect();
            let rows =
                shown.iter().map(|one| vec![unit(&one.metric, query).write(value(&one.value))]).collect();
            let mut text = laid_out(&labels, &["VALUE"], rows);
            if shown.len() < vector.len() {
                text.push_str(&format!("{} more are 0\n", vector.len() - shown.len()));
            }
            text
        }
        Data::Matrix(ranges) => {
            let labels: Vec<&Labels> = ranges.iter().map(|one| &one.metric).collect();
            if evidence::promql::Kind::Matrix == query.kind() {
                let rows = ranges.iter().map(|one| vec![one.values.len().to_string(), tail(one)]).collect();
                laid_out(&labels, &["POINTS", "THE LAST"], rows)
            } else {
                let rows = ranges.iter().map(|one| over_time(one, query)).collect();
                laid_out(&labels, &["", "MIN", "MAX", "LAST"], rows)
            }
        }
    };
    if let Data::Matrix(ranges) = &answer.data
        && let Some(times) = times(ranges)
    {
        text.push_str(&times);
    }
    text
}

/// All of a few; of many those that are not 0, or the first if all are.
fn worth_a_row(vector: &[Instant]) -> Vec<&Instant> {
    let not_zero = || vector.iter().filter(|one| value(&one.value) != 0.0);
    if vector.len() <= SHORT {
        vector.iter().collect()
    } else if not_zero().next().is_some() {
        not_zero().collect()
    } else {
        vector.iter().take(SHORT).collect()
    }
}

/// The answer as comma-separated values: a line per point, `t` in milliseconds.
pub(crate) fn csv(answer: &Answer) -> String {
    let lines: Vec<(Labels, Vec<&Point>)> = match &answer.data {
        Data::Scalar(point) | Data::String(point) => vec![(Labels::new(), vec![point])],
        Data::Vector(vector) => vector.iter().map(|one| (one.metric.clone(), vec![&one.value])).collect(),
        Data::Matrix(rows) => {
            rows.iter().map(|row| (row.metric.clone(), row.values.iter().collect())).collect()
        }
    };
    let names: BTreeSet<&String> = lines.iter().flat_map(|(labels, _)| labels.keys()).collect();
    let head = names.iter().map(|name| quoted(name)).chain(["t_ms".into(), "value".into()]);
    let mut text = head.collect::<Vec<String>>().join(",") + "\n";
    for (labels, points) in &lines {
        for (time, value) in points {
            let cells = names.iter().map(|name| quoted(labels.get(*name).map_or("", String::as_str)));
            let cells = cells.chain([millis(*time).to_string(), quoted(value)]);
            text.push_str(&(cells.collect::<Vec<String>>().join(",") + "\n"));
        }
    }
    text
}

/// A table of the labels that differ, under a line of those that do not.
fn laid_out(labels: &[&Labels], head: &[&str], cells: Vec<Vec<String>>) -> String {
    let (head, cells) = to_the_right(head, cells);
    let names: BTreeSet<&String> = labels.iter().flat_map(|labels| labels.keys()).collect();
    let common = |name: &String| {
        let first = labels.first().and_then(|labels| labels.get(name));
        labels.iter().all(|labels| labels.get(name) == first)
    };
    let (same, differ): (Vec<&String>, Vec<&String>) = names.into_iter().partition(|name| common(name));
    let mut text = String::new();
    if let Some(first) = labels.first().filter(|_| !same.is_empty()) {
        let pairs: Vec<String> = same
            .iter()
            .filter(|name| *name != &NAME)
            .map(|name| format!("{name}={:?}", first[*name]))
            .collect();
        let name = first.get(NAME).filter(|_| same.iter().any(|same| *same == NAME));
        text.push_str(name.map_or("", String::as_str));
        if !pairs.is_empty() {
            text.push_str(&format!("{{{}}}", pairs.join(", ")));
        }
        text.push('\n');
    }
    let upper: Vec<String> =
        differ.iter().map(|name| if *name == NAME { "METRIC".into() } else { name.to_uppercase() }).collect();
    let head: Vec<&str> = upper.iter().chain(&head).map(String::as_str).collect();
    let rows: Vec<Vec<String>> = labels
        .iter()
        .zip(cells)
        .map(|(labels, cells)| {
            differ.iter().map(|name| labels.get(*name).cloned().unwrap_or_default()).chain(cells).collect()
        })
        .collect();
    if rows.is_empty() { text } else { text + &table(&head, &rows) }
}

/// Figures below each other, each column as wide as its widest.
fn to_the_right(head: &[&str], mut cells: Vec<Vec<String>>) -> (Vec<String>, Vec<Vec<String>>) {
    let mut head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    // A spark and a list of points are no figures, and begin at the left.
    let figures = |name: &str| !name.is_empty() && name != "THE LAST";
    for column in (0..head.len()).filter(|n| figures(&head[*n])).collect::<Vec<usize>>() {
        let all = || cells.iter().filter_map(|row| row.get(column)).chain([&head[column]]);
        let width = all().map(|cell| cell.chars().count()).max().unwrap_or_default();
        for cell in cells.iter_mut().filter_map(|row| row.get_mut(column)).chain([&mut head[column]]) {
            *cell = format!("{cell:>width$}");
        }
    }
    (head, cells)
}

fn over_time(range: &Range, query: &Query) -> Vec<String> {
    let values: Vec<Option<f64>> = range.values.iter().map(|point| Some(value(point))).collect();
    let (low, high) = span(&values);
    let known = || values.iter().flatten().copied().filter(|value| !value.is_nan());
    let unit = unit(&range.metric, query);
    let write = |value: f64| if value.is_finite() { unit.write(value) } else { "-".to_owned() };
    vec![
        spark(&values, low, high, SPARK),
        write(known().fold(f64::INFINITY, f64::min)),
        write(known().fold(f64::NEG_INFINITY, f64::max)),
        range.values.last().map_or("-".to_owned(), |point| unit.write(value(point))),
    ]
}

fn tail(range: &Range) -> String {
    let last = &range.values[range.values.len().saturating_sub(TAIL)..];
    let points: Vec<String> =
        last.iter().map(|(time, value)| format!("{value}@{}", clock_time(millis(*time)))).collect();
    points.join(" ")
}

/// From when to when.
fn times(ranges: &[Range]) -> Option<String> {
    let all = || ranges.iter().flat_map(|range| &range.values).map(|(time, _)| millis(*time));
    Some(format!("from {} to {}\n", clock_time(all().min()?), clock_time(all().max()?)))
}

fn unit(labels: &Labels, query: &Query) -> Unit {
    match labels.get(NAME) {
        Some(name) => Unit::of_metric(name),
        None => Unit::of_query(query.text(), &query.metrics()),
    }
}

fn value((_, text): &Point) -> f64 {
    // Prometheus writes `+Inf`, which Rust reads too.
    text.parse().unwrap_or(f64::NAN)
}

fn millis(time: Time) -> u64 {
    match time {
        Time::Millis(ms) => ms,
        Time::Seconds(seconds) => (seconds * 1000.0) as u64,
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn vector(values: &[(&str, &str)]) -> Answer {
        let one = |(service, value): &(&str, &str)| Instant {
            metric: labels(&[(NAME, "lab_queue_depth"), ("pool", "main"), ("service", service)]),
            value: (Time::Millis(1000), (*value).to_owned()),
        };
        answer(Data::Vector(values.iter().map(one).collect()))
    }

    fn answer(data: Data) -> Answer {
        Answer { status: "success".into(), data, infos: Vec::new() }
    }

    fn query(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    #[test]
    fn what_all_series_share_is_said_once() {
        let shown = text(&vector(&[("cart", "0"), ("payment", "847")]), &query("lab_queue_depth"));
        assert_eq!(shown, "lab_queue_depth{pool=\"main\"}\nSERVICE  VALUE\ncart         0\npayment    847\n");
    }

    #[test]
    fn many_that_are_zero_are_a_count() {
        let mut values = vec![("payment", "847")];
        values.extend(std::iter::repeat_n(("idle", "0"), 12));
        let shown = text(&vector(&values), &query("lab_queue_depth"));
        assert!(
            shown.ends_with("payment    847\n12 more are 0\n") || shown.ends_with("847\n12 more are 0\n"),
            "{shown}"
        );
        let all = text(&vector(&[("idle", "0"); 12]), &query("lab_queue_depth"));
        assert!(all.ends_with("2 more are 0\n"), "{all}");
        assert!(!text(&vector(&values[..9]), &query("lab_queue_depth")).contains("more"));
    }

    #[test]
    fn a_range_is_a_line_per_series() {
        let values = [(0, "0"), (1000, "5"), (2000, "10")];
        let range = Range {
            metric: labels(&[("service", "payment")]),
            values: values.iter().map(|(t, value)| (Time::Millis(*t), (*value).to_owned())).collect(),
        };
        let shown = text(&answer(Data::Matrix(vec![range])), &query("sum(lab_queue_depth)"));
        assert_eq!(
            shown,
            "{service=\"payment\"}\n     MIN  MAX  LAST\n▁▅█    0   10    10\nfrom 00:00 to 00:02\n"
        );
    }

    #[test]
    fn a_spreadsheet_gets_every_label_and_plain_numbers() {
        let shown = csv(&vector(&[("cart", "0"), ("a,b", "1.5")]));
        assert_eq!(
            shown,
            "__name__,pool,service,t_ms,value\nlab_queue_depth,main,cart,1000,0\nlab_queue_depth,main,\"a,b\",1000,1.5\n"
        );
    }

    #[test]
    fn an_empty_answer_is_no_table() {
        assert_eq!(text(&vector(&[]), &query("lab_queue_depth")), "");
    }
}
