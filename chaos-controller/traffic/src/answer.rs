//! Waiting for one answer, and what it was worth. Thousands of these wait at
//! once, so a wait holds as little as it can.

use http::Response;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use proto::control::Outcome;

use crate::engine::Engine;
use crate::flights::FlightKey;
use crate::journey::Journey;

/// Bytes of an answer that are read; a longer one is not the shop's.
const MAX_ANSWER: usize = 256 * 1024;

/// Waits for an answer and reports how the request ended. Dropped when the
/// user gives up.
#[expect(clippy::manual_async_fn, reason = "an async fn keeps its arguments twice, thousands of times")]
pub(crate) fn answer(
    engine: Engine,
    key: FlightKey,
    journey: Journey,
    answered: impl Future<Output = hyper::Result<Response<Incoming>>> + Send,
) -> impl Future<Output = ()> + Send {
    async move {
        let outcome = match answered.await {
            Ok(rsp) => read(journey, rsp).await,
            Err(_) => Outcome::Connection,
        };
        engine.ended(key, outcome);
    }
}

async fn read(journey: Journey, rsp: Response<Incoming>) -> Outcome {
    let status = rsp.status().as_u16();
    let mut incoming = rsp.into_body();
    let mut body = Vec::new();
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else {
            return Outcome::Connection;
        };
        if let Ok(data) = frame.into_data() {
            body.extend_from_slice(&data);
        }
        if body.len() > MAX_ANSWER {
            // What an endless page shows is not the page that was asked for.
            body.clear();
            break;
        }
    }
    journey.judge(status, &body)
}
