//! Questions to the live samples. `/api/query` and its kin count milliseconds on the lab's clock, or on that of the run
//! if asked; under `/api/v1` it is Prometheus' own API, so that Grafana can have the lab as a data source.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query as Params, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use evidence::promql::{Query, Refused as NotAQuery};
use process::monotonic_us;
use serde::Deserialize;
use serde_json::json;

use crate::answers::{self, Clock, NoValue, Steps};
use crate::api::Role;
use crate::api::query::{Metric, NoAnswer, Time};
use crate::lab::Lab;
use crate::samples::Silent;

use super::{Caller, Refused};

/// A question, and when.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    query: String,
    time_ms: Option<u64>,
    /// Before now, or before the end of the range.
    ago_ms: Option<u64>,
    from_ms: Option<u64>,
    to_ms: Option<u64>,
    /// Instead of `from_ms`: so long before the end.
    last_ms: Option<u64>,
    step_ms: Option<u64>,
    #[serde(default)]
    clock: Whose,
}

/// Where milliseconds are counted from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Whose {
    /// The start of the lab.
    #[default]
    Lab,
    /// The start of the run that is on or was last; without one, of the lab.
    Run,
}

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    /// Part of a metric's name.
    #[serde(default, rename = "match")]
    part: String,
}

/// Why a question has no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    NotAQuery(NotAQuery),
    NoValue(NoValue),
    Params(String),
    Refused(Refused),
}

/// Seconds of history when nobody says how many.
const LAST_MS: u64 = 5 * 60 * 1000;
/// Points of a range when nobody says how far apart.
const POINTS: u64 = 60;

pub(super) async fn instant(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Params(asked): Params<Asked>,
) -> Result<Response, Unanswered> {
    caller.must_be(Role::Observer)?;
    let clock = clock(&lab, asked.clock);
    let now_ms = lab.now_ms();
    let t_ms = asked.time_ms.map_or(now_ms, |t| clock.read(Time::Millis(t)));
    let t_ms = t_ms.saturating_sub(asked.ago_ms.unwrap_or_default());
    evaluate(&lab, &asked.query, clock, When::At(t_ms)).await
}

pub(super) async fn range(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Params(asked): Params<Asked>,
) -> Result<Response, Unanswered> {
    caller.must_be(Role::Observer)?;
    let clock = clock(&lab, asked.clock);
    let to_ms = asked.to_ms.or(asked.time_ms).map_or(lab.now_ms(), |t| clock.read(Time::Millis(t)));
    let to_ms = to_ms.saturating_sub(asked.ago_ms.unwrap_or_default());
    let from_ms = asked.from_ms.map(|from| clock.read(Time::Millis(from)));
    let length_ms = from_ms.map_or(asked.last_ms.unwrap_or(LAST_MS), |from| to_ms.saturating_sub(from));
    let step_ms = asked.step_ms.unwrap_or_else(|| (length_ms / POINTS).max(1000));
    let steps = match from_ms {
        Some(from_ms) => Steps { from_ms, to_ms, step_ms },
        None => Steps::last(length_ms, to_ms, step_ms, clock.first()),
    };
    evaluate(&lab, &asked.query, clock, When::Over(steps)).await
}

pub(super) async fn metrics(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Vec<Metric>>, Unanswered> {
    caller.must_be(Role::Observer)?;
    let now_ms = lab.now_ms();
    let metrics = lab.samples.ask(move |held| {
        let mut metrics = answers::metrics(held.samples(), now_ms);
        metrics.retain(|metric| metric.name.contains(&wanted.part));
        for metric in &mut metrics {
            if let Some(described) = held.described().get(&metric.name) {
                metric.kind.clone_from(&described.kind);
                metric.help.clone_from(&described.help);
            }
        }
        metrics
    });
    Ok(Json(metrics.await?))
}

/// When a query is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    At(u64),
    Over(Steps),
}

/// Asks the samples, which also write the answer: a long one takes as long to write as to find.
pub(super) async fn evaluate(
    lab: &Lab,
    text: &str,
    clock: Clock,
    when: When,
) -> Result<Response, Unanswered> {
    let query = Query::parse(text).map_err(Unanswered::NotAQuery)?;
    let answer = lab.samples.ask(move |held| {
        let answer = match when {
            When::At(t_ms) => answers::instant(&query, held.samples(), t_ms, clock),
            When::Over(steps) => answers::range(&query, held.samples(), steps, clock),
        };
        answer.map(|answer| serde_json::to_vec(&answer).expect("an answer is plain data"))
    });
    let body = answer.await?.map_err(Unanswered::NoValue)?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

fn clock(lab: &Lab, whose: Whose) -> Clock {
    let start_us = match whose {
        Whose::Lab => lab.start_us,
        Whose::Run => lab.run().map_or(lab.start_us, |run| run.book.start_us),
    };
    Clock::Millis { zero_ms: start_us.saturating_sub(lab.start_us) / 1000 }
}

impl Lab {
    /// Milliseconds since the start of the lab: the clock of the samples.
    pub(crate) fn now_ms(&self) -> u64 {
        monotonic_us().saturating_sub(self.start_us) / 1000
    }
}

impl From<Refused> for Unanswered {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Silent> for Unanswered {
    fn from(silent: Silent) -> Self {
        let status = match silent {
            Silent::Gone => StatusCode::SERVICE_UNAVAILABLE,
            Silent::Broke => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::Refused(Refused::new(status, silent.to_string()))
    }
}

impl IntoResponse for Unanswered {
    fn into_response(self) -> Response {
        let (status, error_type, error, problems) = match self {
            Self::Refused(refused) => return refused.into_response(),
            Self::Params(error) => (StatusCode::BAD_REQUEST, "bad_data", error, Vec::new()),
            Self::NotAQuery(refused) => {
                let problem = json!({
                    "path": format!("character {}", refused.offset + 1), "message": refused.message,
                    "offset": refused.offset, "allowed": refused.allowed, "hint": refused.hint,
                });
                let error = format!("not a query, at character {}: {}", refused.offset + 1, refused.message);
                (StatusCode::BAD_REQUEST, "bad_data", error, vec![problem])
            }
            Self::NoValue(error) => {
                let (status, kind) = match &error {
                    NoValue::Failed(_) => (StatusCode::UNPROCESSABLE_ENTITY, "execution"),
                    _ => (StatusCode::BAD_REQUEST, "bad_data"),
                };
                (status, kind, error.to_string(), Vec::new())
            }
        };
        let body = NoAnswer { status: "error".into(), error_type: error_type.into(), error, problems };
        (status, Json(body)).into_response()
    }
}
