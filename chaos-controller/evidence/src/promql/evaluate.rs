//! The two questions, at an instant and over a range, and the form of their answers. What happens between is in `walk`.

use super::budget::Budget;
use super::expr::Expr;
use super::failed::Failed;
use super::functions::Fold;
use super::grid::{Grid, is_absent};
use super::labels::Tags;
use super::query::{Kind, Query};
use super::rate::Extrapolation;
use super::select::Track;
use super::value::{Row, Sample, Value};
use super::walk::{Answer, Evaluation};
use crate::samples::Samples;

/// What Prometheus takes from its command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long a value holds without a new scrape. 10 s: ten scrapes.
    pub lookback_ms: u64,
    /// The step of a subquery that names none. 1 s: the scrapes' own.
    pub subquery_step_ms: u64,
    /// Whose rule `rate` and `increase` follow where two versions differ.
    pub extrapolation: Extrapolation,
    /// What `@`, `time()` and `timestamp()` show at the samples' zero: the clock of whoever asks, minus that of the
    /// samples. Times of questions and of answers stay on the samples' clock.
    pub clock_ms: i64,
    /// How many samples one question may look at. A value that is kept counts twice.
    pub budget: u64,
}

impl Settings {
    /// What everybody gets. The budget is that of a Prometheus (`query.max-samples`), and less than a second's work.
    pub const DEFAULT: Settings = Settings {
        lookback_ms: 10_000,
        subquery_step_ms: 1_000,
        extrapolation: Extrapolation::Prometheus3,
        clock_ms: 0,
        budget: 50_000_000,
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Most steps of a range query; Prometheus' own limit.
pub(super) const STEPS: u64 = 11_000;
/// Thirty thousand years: sums of such times, as many as a query can nest, stay numbers.
pub(super) const FAR_MS: u64 = 1_000_000_000_000_000;

/// The answer at `t_ms`, milliseconds since the samples' zero.
///
/// # Errors
/// The query makes no sense for the series that are there.
pub fn instant(query: &Query, samples: &Samples, t_ms: u64) -> Result<Value, Failed> {
    instant_with(query, samples, t_ms, &Settings::default())
}

/// [`instant`], with other settings.
///
/// # Errors
/// Those of [`instant`].
pub fn instant_with(
    query: &Query,
    samples: &Samples,
    t_ms: u64,
    settings: &Settings,
) -> Result<Value, Failed> {
    if t_ms > FAR_MS {
        return Err(Failed::TooFar { limit_ms: FAR_MS });
    }
    let grid = Grid::instant(t_ms as i64);
    let run = Evaluation { samples, settings, budget: Budget::new(settings.budget) };
    match query.expr() {
        Expr::Text(text) => return Ok(Value::Text(text.clone())),
        Expr::Range(range) => return run.matrix(range, &grid).map(Value::Matrix),
        _ => {}
    }
    Ok(match run.answer(query.expr(), &grid)? {
        Answer::Scalar(values) => Value::Scalar(values[0]),
        Answer::Vector(tracks) => {
            let samples = tracks.iter().filter(|track| !is_absent(track.values[0]));
            let mut samples: Vec<Sample> = samples
                .map(|track| Sample { labels: track.tags.to_labels(), value: track.values[0] })
                .collect();
            if !is_ranked(query.expr()) {
                samples.sort_by(|a, b| a.labels.cmp(&b.labels));
            }
            Value::Vector(samples)
        }
    })
}

/// The answer at `from_ms`, and each step after it until `to_ms`; series in the order of their labels.
///
/// # Errors
/// Those of [`instant`], and times that make no range, or one of too many steps.
pub fn range(
    query: &Query,
    samples: &Samples,
    from_ms: u64,
    to_ms: u64,
    step_ms: u64,
) -> Result<Vec<Row>, Failed> {
    range_with(query, samples, (from_ms, to_ms, step_ms), &Settings::default())
}

/// [`range`], with other settings; times as `(from_ms, to_ms, step_ms)`.
///
/// # Errors
/// Those of [`range`].
pub fn range_with(
    query: &Query,
    samples: &Samples,
    (from_ms, to_ms, step_ms): (u64, u64, u64),
    settings: &Settings,
) -> Result<Vec<Row>, Failed> {
    if step_ms == 0 || to_ms < from_ms {
        return Err(Failed::BadRange);
    }
    let steps = ((to_ms - from_ms) / step_ms).saturating_add(1);
    if steps > STEPS {
        return Err(Failed::TooManySteps { steps, limit: STEPS });
    }
    if to_ms > FAR_MS {
        return Err(Failed::TooFar { limit_ms: FAR_MS });
    }
    match query.kind() {
        Kind::Text => return Err(Failed::NotOverRange { kind: "text" }),
        Kind::Matrix => return Err(Failed::NotOverRange { kind: "range" }),
        Kind::Scalar | Kind::Vector => {}
    }
    let grid = Grid { start_ms: from_ms as i64, step_ms: step_ms.min(FAR_MS) as i64, count: steps as usize };
    let run = Evaluation { samples, settings, budget: Budget::new(settings.budget) };
    let tracks = match run.answer(query.expr(), &grid)? {
        Answer::Scalar(values) => vec![Track { tags: Tags::default(), values }],
        Answer::Vector(tracks) => tracks,
    };
    let mut rows: Vec<Row> = tracks.iter().map(|track| row(track, &grid)).collect();
    rows.retain(|row| !row.points.is_empty());
    rows.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(rows)
}

fn row(track: &Track<'_>, grid: &Grid) -> Row {
    let points = grid.times().zip(&track.values).filter(|(_, value)| !is_absent(**value));
    Row {
        labels: track.tags.to_labels(),
        points: points.map(|(t_ms, value)| (t_ms as u64, *value)).collect(),
    }
}

/// The order of its answer says something.
fn is_ranked(expr: &Expr) -> bool {
    match expr {
        Expr::Sort { .. } => true,
        Expr::Aggregate(aggregate) => matches!(aggregate.fold, Fold::Topk | Fold::Bottomk),
        _ => false,
    }
}
