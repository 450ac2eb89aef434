//! The part of Prometheus' HTTP API that a dashboard needs: `query`, `query_range`, `labels`, `label/<name>/values`,
//! `series`. Times are seconds of Unix time. Left out: RFC 3339 times, metadata, rules, targets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as Params, RawQuery, State};
use axum::http::Uri;
use axum::response::Response;
use evidence::promql::{Query, Value};
use serde_json::{Value as Json_, json};

use crate::answers::{self, Clock, NoValue, Steps};
use crate::api::Role;
use crate::api::query::Time;
use crate::book::unix_ms;
use crate::lab::Lab;

use super::Caller;
use super::query::{Unanswered, When, evaluate};

/// Parameters of the URL and of a form; a name may come several times.
struct Fields(Vec<(String, String)>);

pub(super) async fn query(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
    form: String,
) -> Result<Response, Unanswered> {
    caller.must_be(Role::Observer)?;
    let fields = Fields::read(raw.as_deref(), &form)?;
    let clock = clock(&lab);
    let t_ms = fields.time("time", clock)?.unwrap_or_else(|| lab.now_ms());
    evaluate(&lab, fields.needed("query")?, clock, When::At(t_ms)).await
}

pub(super) async fn query_range(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
    form: String,
) -> Result<Response, Unanswered> {
    caller.must_be(Role::Observer)?;
    let fields = Fields::read(raw.as_deref(), &form)?;
    let clock = clock(&lab);
    let missing = |name: &str| Unanswered::Params(format!("`{name}` is missing"));
    let from_ms = fields.time("start", clock)?.ok_or_else(|| missing("start"))?;
    let to_ms = fields.time("end", clock)?.ok_or_else(|| missing("end"))?;
    let step_ms = step_ms(fields.needed("step")?)?;
    let steps = Steps { from_ms, to_ms, step_ms };
    evaluate(&lab, fields.needed("query")?, clock, When::Over(steps)).await
}

pub(super) async fn labels(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
    form: String,
) -> Result<Json<Json_>, Unanswered> {
    caller.must_be(Role::Observer)?;
    let found = series_of(&lab, &Fields::read(raw.as_deref(), &form)?).await?;
    let names: BTreeSet<&String> = found.iter().flat_map(BTreeMap::keys).collect();
    Ok(success(&json!(names)))
}

pub(super) async fn label_values(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Path(label): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Json_>, Unanswered> {
    caller.must_be(Role::Observer)?;
    let found = series_of(&lab, &Fields::read(raw.as_deref(), "")?).await?;
    let values: BTreeSet<&String> = found.iter().filter_map(|labels| labels.get(&label)).collect();
    Ok(success(&json!(values)))
}

pub(super) async fn series(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
    form: String,
) -> Result<Json<Json_>, Unanswered> {
    caller.must_be(Role::Observer)?;
    let found = series_of(&lab, &Fields::read(raw.as_deref(), &form)?).await?;
    Ok(success(&json!(found)))
}

/// The labels of every series that is there, or that one of the `match[]` selects now. They cost together what one question
/// may.
async fn series_of(lab: &Lab, fields: &Fields) -> Result<BTreeSet<BTreeMap<String, String>>, Unanswered> {
    let wanted: Result<Vec<Query>, _> = fields.all("match[]").map(Query::parse).collect();
    let wanted = wanted.map_err(Unanswered::NotAQuery)?;
    let (now_ms, clock) = (lab.now_ms(), clock(lab));
    let found = lab.samples.ask(move |held| {
        let mut found = BTreeSet::new();
        if wanted.is_empty() {
            found.extend(held.samples().all().iter().map(|series| {
                let mut labels: BTreeMap<String, String> = series.labels.iter().cloned().collect();
                labels.insert("__name__".into(), series.name.clone());
                labels.insert("job".into(), "firedrill".into());
                labels
            }));
            found.extend(held.samples().instances().map(|(service, instance)| {
                let own =
                    [("__name__", "up"), ("job", "firedrill"), ("service", service), ("instance", instance)];
                own.map(|(label, value)| (label.to_owned(), value.to_owned())).into()
            }));
        }
        for query in &wanted {
            match answers::shared(query, held.samples(), now_ms, clock, wanted.len())? {
                Value::Vector(vector) => found.extend(vector.into_iter().map(|one| one.labels)),
                _ => return Err(NoValue::NotSeries),
            }
        }
        Ok(found)
    });
    found.await?.map_err(Unanswered::NoValue)
}

fn clock(lab: &Lab) -> Clock {
    Clock::Unix { zero_unix_ms: unix_ms().saturating_sub(lab.now_ms()) }
}

fn success(data: &Json_) -> Json<Json_> {
    Json(json!({ "status": "success", "data": data }))
}

/// Seconds, or a number with a unit.
fn step_ms(text: &str) -> Result<u64, Unanswered> {
    let seconds = match text.parse::<f64>() {
        Ok(seconds) => Some(seconds),
        Err(_) => unit(text),
    };
    seconds
        .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
        .map(|seconds| (seconds * 1000.0).round() as u64)
        .ok_or_else(|| Unanswered::Params(format!("`{text}` is no step: seconds, or such as `15s`, `1m`")))
}

fn unit(text: &str) -> Option<f64> {
    [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)]
        .iter()
        .find_map(|(unit, seconds)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * seconds))
}

impl Fields {
    fn read(url: Option<&str>, form: &str) -> Result<Self, Unanswered> {
        let mut fields = Vec::new();
        for text in [url.unwrap_or_default(), form.trim()] {
            let unreadable = || Unanswered::Params("the parameters are not readable".into());
            let uri: Uri = format!("/?{text}").parse().map_err(|_| unreadable())?;
            let Params(read) =
                Params::<Vec<(String, String)>>::try_from_uri(&uri).map_err(|_| unreadable())?;
            fields.extend(read);
        }
        Ok(Self(fields))
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn needed(&self, name: &str) -> Result<&str, Unanswered> {
        self.all(name).next().ok_or_else(|| Unanswered::Params(format!("`{name}` is missing")))
    }

    fn time(&self, name: &str, clock: Clock) -> Result<Option<u64>, Unanswered> {
        let Some(text) = self.all(name).next().filter(|text| !text.is_empty()) else { return Ok(None) };
        let seconds: f64 = text
            .parse()
            .map_err(|_| Unanswered::Params(format!("`{name}` is seconds of Unix time, not `{text}`")))?;
        Ok(Some(clock.read(Time::Seconds(seconds))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_from_the_url_and_from_a_form() {
        let fields = Fields::read(Some("query=up%20%3E%200&match[]=a"), "match[]=b&step=15").unwrap();
        assert_eq!(fields.needed("query").unwrap(), "up > 0");
        assert_eq!(fields.all("match[]").collect::<Vec<_>>(), ["a", "b"]);
        assert!(fields.needed("start").is_err());
    }

    #[test]
    fn a_step_is_seconds_or_has_a_unit() {
        for (text, ms) in [("15", 15_000), ("0.5", 500), ("15s", 15_000), ("1m", 60_000), ("250ms", 250)] {
            assert_eq!(step_ms(text).ok(), Some(ms), "{text}");
        }
        for text in ["0", "-1", "soon", "NaN"] {
            assert!(step_ms(text).is_err(), "{text}");
        }
    }
}
