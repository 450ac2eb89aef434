//! One query, asked of us and of Prometheus, and whether the answers are the same: series, times and values.

use std::fmt;

use evidence::promql::{Failed, Query, Settings, Value, instant_with, range_with};
use evidence::samples::Samples;
use tests::oracle::{Answer, Oracle};

/// How far two values may be apart, relative to the larger.
const NEAR: f64 = 1e-9;

/// When a query is asked. All times lie between scrapes, also `range` and `offset` before them, as those of the list
/// are whole multiples of half a second.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    At(u64),
    Over { from_ms: u64, to_ms: u64, step_ms: u64 },
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Question::At(t_ms) => write!(f, "at {t_ms} ms"),
            Question::Over { from_ms, to_ms, step_ms } => {
                write!(f, "{from_ms}..{to_ms} ms step {step_ms} ms")
            }
        }
    }
}

/// What came of a question.
pub(crate) enum Asked {
    /// `tie`: a quantile's rank falls on the border of two buckets but for the last digit of a sum, and the two programs
    /// stand on different sides of it.
    Same {
        values: usize,
        tie: bool,
    },
    /// Neither has an answer.
    BothFail,
    Different(String),
    /// It cannot be asked so: a range over a range.
    Senseless,
}

/// Instants through the recording and beyond its end, and three ranges over all of it.
pub(super) fn questions(end_ms: u64) -> Vec<Question> {
    let instants = (0..end_ms / 1_000 + 12).step_by(11).map(|second| Question::At(second * 1_000 + 437));
    let over = |from_ms, step_ms| Question::Over { from_ms, to_ms: end_ms / 1_000 * 1_000 + 14_437, step_ms };
    instants.chain([over(437, 1_000), over(937, 2_500), over(3_437, 7_000)]).collect()
}

/// Asks both.
pub(crate) fn ask(
    text: &str,
    question: Question,
    samples: &Samples,
    settings: &Settings,
    oracle: &Oracle,
) -> Asked {
    let query = match Query::parse(&shifted(text, 0)) {
        Ok(query) => query,
        Err(refused) => return Asked::Different(format!("refused: {refused}")),
    };
    let theirs = shifted(text, oracle.zero_ms);
    let theirs = match question {
        Question::At(t_ms) => oracle.instant(&theirs, t_ms),
        Question::Over { .. } if query.kind() == evidence::promql::Kind::Matrix => return Asked::Senseless,
        Question::Over { from_ms, to_ms, step_ms } => oracle.range(&theirs, from_ms, to_ms, step_ms),
    };
    match (ours(&query, question, samples, settings), theirs) {
        (Ok(first), Ok(theirs)) => {
            let values = first.values().map(Vec::len).sum();
            let Some(how) = difference(&[&first], &theirs) else { return Asked::Same { values, tie: false } };
            let beside: Vec<Answer> = nudged(text)
                .iter()
                .filter_map(|text| Query::parse(&shifted(text, 0)).ok())
                .filter_map(|query| ours(&query, question, samples, settings).ok())
                .collect();
            let all: Vec<&Answer> = std::iter::once(&first).chain(&beside).collect();
            match difference(&all, &theirs) {
                None => Asked::Same { values, tie: true },
                Some(_) => Asked::Different(how),
            }
        }
        (Err(_), Err(_)) => Asked::BothFail,
        (Ok(_), Err(theirs)) => Asked::Different(format!("Prometheus fails: {theirs}")),
        (Err(ours), Ok(_)) => Asked::Different(format!("only we fail: {ours}")),
    }
}

fn ours(query: &Query, question: Question, samples: &Samples, settings: &Settings) -> Result<Answer, Failed> {
    match question {
        Question::At(t_ms) => instant_with(query, samples, t_ms, settings).map(|value| answer(value, t_ms)),
        Question::Over { from_ms, to_ms, step_ms } => {
            range_with(query, samples, (from_ms, to_ms, step_ms), settings)
                .map(|rows| rows.into_iter().map(|row| (row.labels, row.points)).collect())
        }
    }
}

/// The same question about quantiles a hair below and above. A quantile of buckets jumps where its rank is a bucket's
/// count, and Prometheus 2.42 adds without the lost digits that 3 and we keep.
fn nudged(text: &str) -> Vec<String> {
    const CALL: &str = "histogram_quantile(";
    let Some(at) = text.find(CALL).map(|at| at + CALL.len()) else { return Vec::new() };
    let end = text[at..].find(',').map_or(text.len(), |comma| at + comma);
    let Ok(quantile) = text[at..end].parse::<f64>() else { return Vec::new() };
    [1.0 - 1e-12, 1.0 + 1e-12]
        .map(|hair| format!("{}{:.15}{}", &text[..at], quantile * hair, &text[end..]))
        .into()
}

/// `ZERO` in a query is the zero of the recording in seconds, and `@+30.5` a time after it.
fn shifted(text: &str, zero_ms: u64) -> String {
    let zero = zero_ms / 1_000;
    let mut parts = text.split("@+");
    let mut shifted = parts.next().unwrap_or_default().replace("ZERO", &zero.to_string());
    for part in parts {
        let end = part.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(part.len());
        let seconds: f64 = part[..end].parse().expect("seconds follow `@+`");
        shifted.push_str(&format!(
            "@ {:.3}{}",
            zero as f64 + seconds,
            part[end..].replace("ZERO", &zero.to_string())
        ));
    }
    shifted
}

fn answer(value: Value, t_ms: u64) -> Answer {
    match value {
        Value::Scalar(value) => [(Default::default(), vec![(t_ms, value)])].into(),
        Value::Vector(samples) => {
            samples.into_iter().map(|sample| (sample.labels, vec![(t_ms, sample.value)])).collect()
        }
        Value::Matrix(rows) => rows.into_iter().map(|row| (row.labels, row.points)).collect(),
        Value::Text(_) => Answer::new(),
    }
}

/// `None` if each value of theirs is one of ours.
fn difference(ours: &[&Answer], theirs: &Answer) -> Option<String> {
    let first = ours[0];
    if let Some(more) = first.keys().find(|labels| !theirs.contains_key(*labels)) {
        return Some(format!("we have {more:?} and Prometheus has not: {:?}", first[more].first()));
    }
    for (labels, theirs) in theirs {
        let Some(points) = first.get(labels) else {
            return Some(format!("Prometheus has {labels:?} and we have not: {:?}", theirs.first()));
        };
        let times = |points: &[(u64, f64)]| points.iter().map(|(t_ms, _)| *t_ms).collect::<Vec<_>>();
        if times(points) != times(theirs) {
            return Some(format!("{labels:?}: at {:?}, Prometheus at {:?}", times(points), times(theirs)));
        }
        for (index, (t_ms, theirs)) in theirs.iter().enumerate() {
            let of = |answer: &&Answer| answer.get(labels).and_then(|points| points.get(index)).copied();
            if !ours.iter().filter_map(of).any(|(at, value)| at == *t_ms && same(value, *theirs)) {
                return Some(format!("{labels:?} at {t_ms}: {} and not {theirs}", points[index].1));
            }
        }
    }
    None
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= NEAR * a.abs().max(b.abs())
}
