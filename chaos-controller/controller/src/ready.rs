//! Asking the shop as a user would: the checkout that proves that a lab is ready, and one request of every journey
//! that proves that it is well again after a run.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Method, StatusCode, header};
use http_body_util::BodyExt as _;

use crate::lab::Lab;
use crate::web::{Connection, WebError};

/// Name of the edge.
const FRONTEND: &str = "frontend";
/// A user whom the generator never plays.
const USER: &str = "u0";
/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// One request of a user.
struct Ask<'a> {
    journey: &'a str,
    method: Method,
    path: &'a str,
    order: Option<&'a str>,
}

/// Buys something. The order's id must be new.
pub(crate) async fn checkout(lab: &Lab, order: &str) -> Result<(), String> {
    ask_all(
        lab,
        &[Ask { journey: "checkout", method: Method::POST, path: "/api/checkout", order: Some(order) }],
    )
    .await
}

/// Plays every journey once.
pub(crate) async fn every_journey(lab: &Lab, order: &str) -> Result<(), String> {
    let get = |journey, path| Ask { journey, method: Method::GET, path, order: None };
    let post = |journey, path, order| Ask { journey, method: Method::POST, path, order };
    ask_all(
        lab,
        &[
            get("home", "/"),
            get("search", "/api/search?q=lamp"),
            get("account", "/api/account"),
            post("prepare_checkout", "/api/checkout/prepare", None),
            post("checkout", "/api/checkout", Some(order)),
        ],
    )
    .await
}

async fn ask_all(lab: &Lab, asks: &[Ask<'_>]) -> Result<(), String> {
    let asked = async {
        let frontend =
            lab.directory.first(FRONTEND).ok_or(WebError::Nobody(FRONTEND)).map_err(|e| e.to_string())?;
        let mut connection = Connection::open(&frontend.traffic).await.map_err(|error| error.to_string())?;
        for wanted in asks {
            let status = ask(&mut connection, wanted).await.map_err(|error| error.to_string())?;
            if status != StatusCode::OK {
                return Err(format!("{} was answered with {status}", wanted.journey));
            }
        }
        Ok(())
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answered) => answered,
        Err(_) => Err(format!("no answer within {PATIENCE:?}")),
    }
}

async fn ask(connection: &mut Connection, ask: &Ask<'_>) -> Result<StatusCode, WebError> {
    let mut headers = vec![
        (HeaderName::from_static("x-user"), USER.to_owned()),
        (header::CONTENT_TYPE, "application/json".to_owned()),
    ];
    if let Some(order) = ask.order {
        headers.push((HeaderName::from_static("x-order-id"), order.to_owned()));
    }
    let body = if ask.method == Method::POST { Bytes::from_static(b"{}") } else { Bytes::new() };
    let response = connection.send(ask.method.clone(), ask.path, &headers, body).await?;
    let status = response.status();
    // Read to the end, or the connection cannot be used again.
    response.into_body().collect().await.map_err(|source| connection.broken(source))?;
    Ok(status)
}
