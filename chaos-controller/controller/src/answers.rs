//! Values of PromQL as answers: how they are written, and what is said when an answer is empty. The command line uses
//! it on recordings too, so that a run's folder answers like a lab.

use std::collections::{BTreeMap, BTreeSet};

use evidence::Samples;
use evidence::promql::{self, Failed, Query, Settings, Value};

use crate::api::query::{Answer, Data, Instant, Metric, Range, Time};

/// Points of one series in an answer, as in Prometheus.
pub const MAX_POINTS: u64 = 11_000;
/// Values of all series in an answer.
pub const MAX_VALUES: usize = 1_000_000;
/// The metric that no process exposes: whether it answered.
const UP: &str = "up";
/// Values that are listed of a label.
const LISTED: usize = 20;
/// From here on two words are near.
const NEAR: f64 = 0.85;
/// Endings that a histogram's series have.
const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];

/// How times are written in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Milliseconds since a moment, which is `zero_ms` on the clock of the samples.
    Millis { zero_ms: u64 },
    /// Seconds of Unix time; the clock of the samples began at `zero_unix_ms`.
    Unix { zero_unix_ms: u64 },
}

/// A span of time that is looked at in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    pub from_ms: u64,
    pub to_ms: u64,
    pub step_ms: u64,
}

impl Steps {
    /// The last `length_ms` before `to_ms`, as far as there is anything since `first_ms`. The last step is at `to_ms`
    /// whatever is left out: it is the one that is looked at.
    pub fn last(length_ms: u64, to_ms: u64, step_ms: u64, first_ms: u64) -> Self {
        let length_ms = length_ms.min(to_ms.saturating_sub(first_ms));
        let whole = length_ms.checked_div(step_ms).map_or(length_ms, |steps| steps * step_ms);
        Self { from_ms: to_ms - whole, to_ms, step_ms }
    }
}

/// Why there is no answer to a query that was understood.
#[derive(Debug, thiserror::Error)]
pub enum NoValue {
    #[error("{0}")]
    Failed(Failed),
    #[error("a step must be longer than nothing")]
    NoStep,
    #[error("the range ends before it begins")]
    Backwards,
    #[error("{points} points per series are too many, {MAX_POINTS} is the most; take a longer step")]
    TooManyPoints { points: u64 },
    #[error(
        "{values} values are too long an answer, {MAX_VALUES} is the most; narrow the selector, or take a longer step or \
         a shorter range"
    )]
    TooManyValues { values: usize },
    #[error("`match[]` takes a selector of series, such as `up` or `{{service=\"cart\"}}`")]
    NotSeries,
    #[error("only a number or a vector can be drawn over time, this is {0}")]
    NotDrawable(&'static str),
}

impl Clock {
    fn stamp(self, t_ms: u64) -> Time {
        match self {
            Self::Millis { zero_ms } => Time::Millis(t_ms.saturating_sub(zero_ms)),
            Self::Unix { zero_unix_ms } => Time::Seconds(zero_unix_ms.saturating_add(t_ms) as f64 / 1000.0),
        }
    }

    /// What it shows at the zero of the samples' clock.
    fn zero(self) -> i64 {
        match self {
            Self::Millis { zero_ms } => -(zero_ms as i64),
            Self::Unix { zero_unix_ms } => zero_unix_ms as i64,
        }
    }

    /// The first moment that it has a time for, on the clock of the samples.
    pub fn first(self) -> u64 {
        match self {
            Self::Millis { zero_ms } => zero_ms,
            Self::Unix { .. } => 0,
        }
    }

    /// The moment on the clock of the samples.
    pub fn read(self, time: Time) -> u64 {
        match (self, time) {
            (Self::Millis { zero_ms }, Time::Millis(ms)) => zero_ms.saturating_add(ms),
            (Self::Millis { zero_ms }, Time::Seconds(s)) => {
                zero_ms.saturating_add((s.max(0.0) * 1000.0) as u64)
            }
            (Self::Unix { zero_unix_ms }, Time::Millis(ms)) => ms.saturating_sub(zero_unix_ms),
            (Self::Unix { zero_unix_ms }, Time::Seconds(s)) => {
                ((s.max(0.0) * 1000.0).round() as u64).saturating_sub(zero_unix_ms)
            }
        }
    }
}

/// The answer at one moment; before the zero of the clock it is that of the zero.
///
/// # Errors
/// The query cannot be evaluated on these samples, or looks at too much.
pub fn instant(query: &Query, samples: &Samples, t_ms: u64, clock: Clock) -> Result<Answer, NoValue> {
    let t_ms = t_ms.max(clock.first());
    let value = promql::instant_with(query, samples, t_ms, &settings(clock)).map_err(NoValue::Failed)?;
    let time = clock.stamp(t_ms);
    let data = match value {
        Value::Scalar(value) => Data::Scalar((time, number(value))),
        Value::Text(text) => Data::String((time, text)),
        Value::Vector(vector) => Data::Vector(
            vector
                .into_iter()
                .map(|one| Instant { metric: one.labels, value: (time, number(one.value)) })
                .collect(),
        ),
        Value::Matrix(mut rows) => {
            // A range reaches back to where the clock has no times.
            rows.iter_mut().for_each(|row| row.points.retain(|(t_ms, _)| *t_ms >= clock.first()));
            rows.retain(|row| !row.points.is_empty());
            writable(&rows)?;
            Data::Matrix(ranges(rows, clock))
        }
    };
    Ok(answer(data, query, samples, t_ms))
}

/// The value at one moment, for one of several queries that share what one may cost.
///
/// # Errors
/// Those of [`instant`].
pub(crate) fn shared(
    query: &Query,
    samples: &Samples,
    t_ms: u64,
    clock: Clock,
    among: usize,
) -> Result<Value, NoValue> {
    let settings = settings(clock);
    let settings = Settings { budget: settings.budget / among.max(1) as u64, ..settings };
    promql::instant_with(query, samples, t_ms, &settings).map_err(NoValue::Failed)
}

/// The answer over a span of time, of which nothing is left before the zero of the clock.
///
/// # Errors
/// As [`instant`]; also a span without steps or with too many.
pub fn range(query: &Query, samples: &Samples, steps: Steps, clock: Clock) -> Result<Answer, NoValue> {
    let Steps { from_ms, to_ms, step_ms } = steps;
    if step_ms == 0 {
        return Err(NoValue::NoStep);
    }
    let (first, mut from_ms) = (clock.first(), from_ms);
    if from_ms < first && from_ms <= to_ms {
        // Whole steps are left out, so that the others stay where they were asked for.
        from_ms = from_ms.saturating_add((first - from_ms).div_ceil(step_ms).saturating_mul(step_ms));
        from_ms = if to_ms >= first { from_ms.min(to_ms) } else { first };
    }
    if to_ms < from_ms {
        return Err(NoValue::Backwards);
    }
    let points = ((to_ms - from_ms) / step_ms).saturating_add(1);
    if points > MAX_POINTS {
        return Err(NoValue::TooManyPoints { points });
    }
    match query.kind() {
        promql::Kind::Matrix => return Err(NoValue::NotDrawable("a range of each series")),
        promql::Kind::Text => return Err(NoValue::NotDrawable("a text")),
        promql::Kind::Scalar | promql::Kind::Vector => {}
    }
    let rows = promql::range_with(query, samples, (from_ms, to_ms, step_ms), &settings(clock))
        .map_err(NoValue::Failed)?;
    writable(&rows)?;
    Ok(answer(Data::Matrix(ranges(rows, clock)), query, samples, to_ms))
}

/// Every metric that is there, histograms as one; series are counted as they are at `t_ms`.
pub fn metrics(samples: &Samples, t_ms: u64) -> Vec<Metric> {
    let mut metrics: BTreeMap<String, (Metric, BTreeMap<String, BTreeSet<&str>>)> = BTreeMap::new();
    let histograms: BTreeSet<&str> =
        samples.all().iter().filter_map(|series| series.name.strip_suffix("_bucket")).collect();
    for series in samples.all() {
        let part = PARTS.iter().find_map(|part| series.name.strip_suffix(part));
        let histogram = part.filter(|name| histograms.contains(name));
        let name = histogram.unwrap_or(&series.name);
        let (metric, labels) = metrics.entry(name.to_owned()).or_default();
        if metric.name.is_empty() {
            name.clone_into(&mut metric.name);
        }
        metric.series += usize::from(series.at(t_ms).is_some());
        for (label, value) in &series.labels {
            if !(histogram.is_some() && label == "le") {
                labels.entry(label.clone()).or_default().insert(value);
            }
        }
    }
    if samples.instances().next().is_some() {
        let (metric, labels) = metrics.entry(UP.to_owned()).or_default();
        UP.clone_into(&mut metric.name);
        metric.series += alive(samples, t_ms);
        for (service, instance) in samples.instances() {
            labels.entry("service".to_owned()).or_default().insert(service);
            labels.entry("instance".to_owned()).or_default().insert(instance);
        }
    }
    let listed = |(mut metric, labels): (Metric, BTreeMap<String, BTreeSet<&str>>)| {
        metric.labels = labels
            .into_iter()
            .map(|(label, values)| (label, values.into_iter().take(LISTED).map(str::to_owned).collect()))
            .collect();
        metric
    };
    metrics.into_values().map(listed).collect()
}

/// How many processes are scraped at a moment, answered or not.
fn alive(samples: &Samples, t_ms: u64) -> usize {
    let up = Query::parse(UP).expect("the name of a metric is a query");
    match promql::instant(&up, samples, t_ms) {
        Ok(Value::Vector(vector)) => vector.len(),
        _ => 0,
    }
}

/// The nearest of some words, near enough to be meant; the best first.
pub fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .map(|known| (nearness(word, known), known))
        .filter(|(nearness, _)| *nearness >= NEAR)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.len().cmp(&b.1.len())));
    near.dedup_by(|a, b| a.1 == b.1);
    near.into_iter().take(3).map(|(_, known)| known).collect()
}

/// From 0 to 1. Who types `queue_depth` means `lab_queue_depth`.
pub fn nearness(word: &str, known: &str) -> f64 {
    if word.len() >= 4 && known.contains(word) { 1.0 } else { strsim::jaro_winkler(word, known) }
}

/// What this clock shows, and what a question may cost.
fn settings(clock: Clock) -> Settings {
    Settings { clock_ms: clock.zero(), ..Settings::DEFAULT }
}

/// An answer that many rows fit into; written as text a value weighs ten times what it did.
fn writable(rows: &[promql::Row]) -> Result<(), NoValue> {
    let values = rows.iter().map(|row| row.points.len()).sum::<usize>();
    if values > MAX_VALUES { Err(NoValue::TooManyValues { values }) } else { Ok(()) }
}

fn answer(data: Data, query: &Query, samples: &Samples, t_ms: u64) -> Answer {
    let empty = match &data {
        Data::Vector(vector) => vector.is_empty(),
        Data::Matrix(rows) => rows.is_empty(),
        Data::Scalar(_) | Data::String(_) => false,
    };
    let infos = if empty { why_empty(query, samples, t_ms) } else { Vec::new() };
    Answer { status: "success".into(), data, infos }
}

/// A metric that is not there, or the labels that its series have.
fn why_empty(query: &Query, samples: &Samples, t_ms: u64) -> Vec<String> {
    let mut infos = Vec::new();
    for name in query.metrics() {
        let series = samples.series(name, &[]);
        let ups = if name == UP { samples.instances().count() } else { 0 };
        if series.is_empty() && ups == 0 {
            let mut known: BTreeSet<&str> = samples.all().iter().map(|series| series.name.as_str()).collect();
            known.extend(samples.instances().next().map(|_| UP));
            let near = near(name, known);
            let hint = if near.is_empty() {
                "`firedrill query --metrics` lists them".to_owned()
            } else {
                format!("did you mean `{}`?", near.join("`, `"))
            };
            infos.push(format!("no metric `{name}`; {hint}"));
            continue;
        }
        let mut living = series.iter().filter(|series| series.at(t_ms).is_some()).count();
        let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (label, value) in series.iter().flat_map(|series| &series.labels) {
            labels.entry(label).or_default().insert(value);
        }
        if ups > 0 {
            living += alive(samples, t_ms);
            for (service, instance) in samples.instances() {
                labels.entry("service").or_default().insert(service);
                labels.entry("instance").or_default().insert(instance);
            }
        }
        let there: Vec<String> = labels
            .iter()
            .map(|(label, values)| {
                let listed: Vec<&str> = values.iter().copied().take(LISTED).collect();
                let more = if values.len() > LISTED { ", ..." } else { "" };
                format!("{label}: {}{more}", listed.join(", "))
            })
            .collect();
        infos.push(format!(
            "`{name}` has {} series, {living} of them alive then; {}",
            series.len() + ups,
            there.join("; ")
        ));
    }
    infos
}

fn ranges(rows: Vec<promql::Row>, clock: Clock) -> Vec<Range> {
    rows.into_iter()
        .map(|row| Range {
            metric: row.labels,
            values: row.points.into_iter().map(|(t_ms, value)| (clock.stamp(t_ms), number(value))).collect(),
        })
        .collect()
}

/// As Prometheus writes it.
fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::SampleWriter;

    fn samples() -> Samples {
        let mut writer = SampleWriter::new();
        let mut bytes = Vec::new();
        for second in 0..20 {
            let text = format!(
                "lab_queue_depth{{pool=\"main\"}} {second}\nh_bucket{{le=\"+Inf\"}} 1\nh_sum 1\nh_count 1\n"
            );
            bytes.extend(writer.scrape(second * 1000, "payment", "payment-0", &text));
        }
        Samples::decode(&bytes).unwrap()
    }

    const LAB: Clock = Clock::Millis { zero_ms: 0 };

    fn ask(query: &str) -> Answer {
        instant(&Query::parse(query).unwrap(), &samples(), 12_000, LAB).unwrap()
    }

    #[test]
    fn an_answer_has_the_shape_of_prometheus() {
        let text = serde_json::to_value(ask("lab_queue_depth")).unwrap();
        assert_eq!(text["status"], "success");
        assert_eq!(text["data"]["resultType"], "vector");
        assert_eq!(text["data"]["result"][0]["value"], serde_json::json!([12_000, "12"]));
        assert_eq!(text["data"]["result"][0]["metric"]["service"], "payment");
        assert!(text.get("infos").is_none());
    }

    #[test]
    fn an_empty_answer_names_the_metric_that_was_meant() {
        assert!(ask("lab_queue_dept").infos[0].contains("did you mean `lab_queue_depth`"));
        assert!(ask("queue_depth").infos[0].contains("did you mean `lab_queue_depth`"));
    }

    #[test]
    fn matchers_that_fit_nothing_are_answered_with_the_labels_there_are() {
        let infos = ask("lab_queue_depth{service=\"paymnt\"}").infos;
        assert!(infos[0].contains("service: payment") && infos[0].contains("pool: main"), "{infos:?}");
    }

    #[test]
    fn a_range_is_bounded_in_points_and_has_steps() {
        let query = Query::parse("lab_queue_depth").unwrap();
        let ask = |from_ms, to_ms, step_ms| {
            range(&query, &samples(), Steps { from_ms, to_ms, step_ms }, LAB).map(|answer| answer.data)
        };
        assert!(matches!(ask(0, 11_000_000, 1), Err(NoValue::TooManyPoints { .. })));
        assert!(matches!(ask(0, 1, 0), Err(NoValue::NoStep)));
        assert!(matches!(ask(2, 1, 1), Err(NoValue::Backwards)));
        let Ok(Data::Matrix(rows)) = ask(0, 4_000, 2_000) else { panic!("no matrix") };
        assert_eq!(rows[0].values.len(), 3);
        assert_eq!(rows[0].values[2], (Time::Millis(4_000), "4".to_owned()));
    }

    #[test]
    fn a_query_that_looks_at_too_much_is_refused() {
        let query = Query::parse("max_over_time(max_over_time({__name__=~\".+\"}[1000d])[11s:1ms])").unwrap();
        let steps = Steps { from_ms: 0, to_ms: 10_000_000, step_ms: 1_000 };
        let refused = range(&query, &samples(), steps, LAB);
        assert!(matches!(refused, Err(NoValue::Failed(Failed::TooMuch { .. }))), "{refused:?}");
        let query = Query::parse("1").unwrap();
        let steps = Steps { from_ms: 0, to_ms: u64::MAX, step_ms: 1 };
        assert!(matches!(range(&query, &samples(), steps, LAB), Err(NoValue::TooManyPoints { .. })));
    }

    #[test]
    fn what_was_before_the_start_of_a_run_is_not_put_at_its_start() {
        let run = Clock::Millis { zero_ms: 10_000 };
        let query = Query::parse("lab_queue_depth").unwrap();
        let steps = Steps { from_ms: 0, to_ms: 12_000, step_ms: 1_000 };
        let Ok(Data::Matrix(rows)) = range(&query, &samples(), steps, run).map(|answer| answer.data) else {
            panic!("no matrix")
        };
        let times: Vec<Time> = rows[0].values.iter().map(|(time, _)| *time).collect();
        assert_eq!(times, [0, 1_000, 2_000].map(Time::Millis));
        let raw = Query::parse("lab_queue_depth[10s]").unwrap();
        let Ok(Data::Matrix(rows)) = instant(&raw, &samples(), 11_000, run).map(|answer| answer.data) else {
            panic!("no matrix")
        };
        assert_eq!(rows[0].values.len(), 2, "{rows:?}");
        let before = Steps { to_ms: 9_000, ..steps };
        assert!(matches!(range(&query, &samples(), before, run), Err(NoValue::Backwards)));
    }

    #[test]
    fn moments_are_shown_on_the_clock_of_the_answer() {
        let show = |text: &str, clock| {
            let answer = instant(&Query::parse(text).unwrap(), &samples(), 12_000, clock).unwrap();
            match answer.data {
                Data::Scalar((_, value)) => value,
                Data::Vector(vector) => vector[0].value.1.clone(),
                other => panic!("{other:?}"),
            }
        };
        let (run, unix) = (Clock::Millis { zero_ms: 10_000 }, Clock::Unix { zero_unix_ms: 1_000_000 });
        for (text, values) in [("time()", ["12", "2", "1012"]), ("timestamp(up)", ["12", "2", "1012"])] {
            assert_eq!([LAB, run, unix].map(|clock| show(text, clock)), values, "{text}");
        }
        assert_eq!(show("lab_queue_depth @ 1", run), "11");
        assert_eq!(show("lab_queue_depth @ 1011", unix), "11");
    }

    #[test]
    fn the_up_of_each_process_is_a_metric_like_others() {
        let infos = ask("up{service=\"paymnt\"}").infos;
        assert!(infos[0].contains("`up` has 1 series, 1 of them alive then"), "{infos:?}");
        assert!(infos[0].contains("service: payment"), "{infos:?}");
        let metrics = metrics(&samples(), 12_000);
        let up = metrics.iter().find(|metric| metric.name == "up").unwrap();
        assert_eq!((up.series, up.labels["instance"].as_slice()), (1, ["payment-0".to_owned()].as_slice()));
        assert!(ask("upp").infos[0].contains("did you mean `up`"), "{:?}", ask("upp").infos);
    }

    #[test]
    fn times_of_unix_are_seconds() {
        let unix = Clock::Unix { zero_unix_ms: 1_000_000 };
        assert_eq!(unix.stamp(500), Time::Seconds(1000.5));
        assert_eq!(unix.read(Time::Seconds(1000.5)), 500);
        let run = Clock::Millis { zero_ms: 60_000 };
        assert_eq!((run.stamp(61_000), run.read(Time::Millis(1_000))), (Time::Millis(1_000), 61_000));
    }

    #[test]
    fn a_span_ends_where_it_was_asked_to_wherever_it_begins() {
        let steps = |length, to, step, first| {
            let Steps { from_ms, to_ms, .. } = Steps::last(length, to, step, first);
            (from_ms, to_ms)
        };
        assert_eq!(steps(80_000, 49_000, 10_000, 0), (9_000, 49_000));
        assert_eq!(steps(80_000, 100_000, 10_000, 0), (20_000, 100_000));
        assert_eq!(steps(80_000, 65_000, 10_000, 60_000), (65_000, 65_000));
        assert_eq!(steps(80_000, 65_000, 0, 60_000), (60_000, 65_000), "refused later, with a reason");
    }

    #[test]
    fn a_histogram_is_one_metric() {
        let metrics = metrics(&samples(), 12_000);
        let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        assert_eq!(names.iter().filter(|name| name.starts_with('h')).count(), 1);
        assert!(names.contains(&"h") && names.contains(&"lab_queue_depth"));
    }

    #[test]
    fn numbers_that_json_cannot_say_are_words() {
        assert_eq!(
            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.5].map(number),
            ["NaN", "+Inf", "-Inf", "0.5"]
        );
    }
}
