//! The API that the bank's customers see.
//!
//! ```text
//! POST /charges {reference, amount_cents, dry_run?}   201 {id, reference, amount_cents}
//!      optional headers Idempotency-Key, x-attempt    (200 and no id for a dry run)
//! GET  /charges?reference=o1                          200 {charges: [{id, ...}]}
//! ```
//!
//! A dry run goes the way of a charge, faults included, and charges nothing:
//! it is how somebody without an order measures this bank. It is in no metric
//! and has no span, which are about the bank's customers.

use std::convert::Infallible;
use std::future::ready;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Query, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use fault::{Path, Region, WrongAmount};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;

use crate::course::{Answer, Bank, Call, Manner};
use crate::ledger::{Charged, Order};
use crate::record::Money;
use crate::trace::Span;

/// A charge is a few dozen bytes.
const LARGEST_BODY: usize = 16 * 1024;
/// References and keys are somebody's ids, not essays.
const LONGEST_ID: usize = 200;
/// Name of the span of a charge.
const CHARGE: &str = "POST /charges";

/// What one region's port answers.
pub(crate) fn router(bank: Arc<Bank>, region: Region) -> Router {
    Router::new()
        .route("/charges", post(charge).get(lookup))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(Site { bank, region })
}

/// The bank, at one of its regions.
#[derive(Clone)]
struct Site {
    bank: Arc<Bank>,
    region: Region,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChargeBody {
    reference: String,
    amount_cents: i64,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
struct LookupQuery {
    reference: String,
}

/// When the call came, before its body was read: latency counts from here.
struct Receipt(Instant);

impl<S: Sync> FromRequestParts<S> for Receipt {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Instant::now()))
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let length = self.body.len();
        let body = match self.manner {
            Manner::Whole => Body::from(self.body),
            Manner::Dripping(drops) => Body::from_stream(drops.map(Ok::<_, Infallible>)),
            // A body that fails before its first byte takes the head along, which has not left yet.
            Manner::BrokenOff => Body::from_stream(stream::once(ready(Err::<Bytes, _>(
                std::io::Error::from(ErrorKind::BrokenPipe),
            )))),
        };
        let mut response = (self.status, [(CONTENT_TYPE, "application/json")], body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

async fn charge(
    Receipt(received): Receipt,
    State(Site { bank, region }): State<Site>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let (order, dry_run) = match order(&headers, &body, region) {
        Ok(order) => order,
        Err(why) => return refuse(&bank, received, bank.recorder.start(CHARGE, &headers), &why),
    };
    let span = (!dry_run).then(|| bank.recorder.start(CHARGE, &headers));
    let (path, key) = (Path::Charge, order.reference.clone());
    let call = Call { path, region, key, attempt: attempt(&headers), received };
    let own = Arc::clone(&bank);
    let act = move |wrong: Option<WrongAmount>| async move {
        let asked = order.amount_cents;
        let order = Order { amount_cents: wrong.map_or(asked, |wrong| wrong.of(asked)), ..order };
        if dry_run { tried(&order, asked) } else { charged(&own, order, asked).await }
    };
    answered(bank.take(call, span, act).await)
}

async fn lookup(
    Receipt(received): Receipt,
    State(Site { bank, region }): State<Site>,
    query: Result<Query<LookupQuery>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Answer {
    let span = bank.recorder.start("GET /charges", &headers);
    let Ok(Query(LookupQuery { reference })) = query else {
        return refuse(&bank, received, span, "expected ?reference=<reference of a charge>");
    };
    let (path, key) = (Path::Lookup, reference.clone());
    let call = Call { path, region, key, attempt: attempt(&headers), received };
    let own = Arc::clone(&bank);
    let act = move |_| async move { found(&own, &reference) };
    answered(bank.take(call, Some(span), act).await)
}

async fn charged(bank: &Bank, order: Order, asked_cents: i64) -> Answer {
    match bank.ledger.charge(order).await {
        Ok((charge, charged)) => {
            bank.metrics.charged(charged);
            let money = Money { asked_cents, charged_cents: charge.amount_cents };
            let answer = Answer::json(StatusCode::CREATED, &charge);
            Answer { money: (charged == Charged::Now).then_some(money), ..answer }
        }
        Err(error) => broken(&error),
    }
}

fn tried(order: &Order, asked_cents: i64) -> Answer {
    let Order { reference, amount_cents, .. } = order;
    let body = json!({"reference": reference, "amount_cents": amount_cents, "dry_run": true});
    let money = Money { asked_cents, charged_cents: *amount_cents };
    Answer { money: Some(money), ..Answer::json(StatusCode::OK, &body) }
}

fn found(bank: &Bank, reference: &str) -> Answer {
    match bank.ledger.find(reference) {
        Ok(charges) => Answer::json(StatusCode::OK, &json!({"charges": charges})),
        Err(error) => broken(&error),
    }
}

fn broken(error: &process::StoreError) -> Answer {
    tracing::error!(error = error as &dyn std::error::Error, "the ledger failed");
    Answer::failure(500)
}

/// A call that makes no sense is refused at once, faults or not.
fn refuse(bank: &Bank, received: Instant, mut span: Span, why: &str) -> Answer {
    let answer = Answer::refusal(why);
    span.answered("", answer.status.as_u16());
    bank.metrics.answered(answer.status.as_u16(), received.elapsed());
    answer
}

fn answered(answer: Result<Answer, tokio::sync::oneshot::error::RecvError>) -> Answer {
    // The course of a call ends without an answer only if it panicked.
    answer.unwrap_or_else(|_| Answer::failure(500))
}

fn order(headers: &HeaderMap, body: &[u8], region: Region) -> Result<(Order, bool), String> {
    let body: ChargeBody = serde_json::from_slice(body)
        .map_err(|error| format!("expected {{reference, amount_cents}}: {error}"))?;
    let key = match headers.get("idempotency-key") {
        None => None,
        Some(key) => Some(key.to_str().map_err(|_| "Idempotency-Key is not plain text")?.to_owned()),
    };
    for id in [Some(&body.reference), key.as_ref()].into_iter().flatten() {
        if id.is_empty() || id.len() > LONGEST_ID {
            return Err(format!("a reference or key has 1 to {LONGEST_ID} bytes, `{id}` has not"));
        }
    }
    if body.amount_cents <= 0 {
        return Err(format!("amount_cents is {}, and must be above 0", body.amount_cents));
    }
    let ChargeBody { reference, amount_cents, dry_run } = body;
    Ok((Order { reference, amount_cents, key, region }, dry_run))
}

/// Which try of a call this is, as its caller counts; 0 if it does not say.
fn attempt(headers: &HeaderMap) -> u32 {
    headers.get("x-attempt").and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
