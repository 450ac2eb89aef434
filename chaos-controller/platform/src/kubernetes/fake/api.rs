//! The API: paths, verbs, and who may.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State as Shared};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, http::Uri};
use serde::Deserialize;
use serde_json::{Value, json};

use super::objects::{matches, merge};
use super::role::Asked;
use super::state::{Fake, State};

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Asks {
    #[serde(default)]
    label_selector: String,
}

pub(super) fn router(fake: Arc<Fake>) -> Router {
    Router::new().fallback(answer).with_state(fake)
}

async fn answer(Shared(fake): Shared<Arc<Fake>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = body_of(body).await;
    let Some(asked) = read(&head.method, &head.uri) else {
        return status(StatusCode::NOT_FOUND, "no such path");
    };
    let mut state = fake.state();
    state.asked.push(asked.clone());
    if !state.role.allows(&asked) {
        return status(StatusCode::FORBIDDEN, &format!("the role does not list {asked:?}"));
    }
    let selector =
        Query::<Asks>::try_from_uri(&head.uri).map(|asks| asks.0.label_selector).unwrap_or_default();
    obey(&mut state, &asked, &selector, &body)
}

async fn body_of(body: Body) -> Value {
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// `/api/v1/namespaces/firedrill/pods/payment-0`, `/apis/apps/v1/namespaces/firedrill/statefulsets`.
fn read(method: &Method, uri: &Uri) -> Option<Asked> {
    let mut parts = uri.path().trim_matches('/').split('/');
    let group = match parts.next()? {
        "apis" => parts.next()?,
        _ => "",
    };
    let ["v1", "namespaces", "firedrill", resource] =
        [parts.next()?, parts.next()?, parts.next()?, parts.next()?]
    else {
        return None;
    };
    let name = parts.next().map(str::to_owned);
    let verb = match (method.as_str(), &name) {
        ("GET", Some(_)) => "get",
        ("GET", None) => "list",
        ("POST", None) => "create",
        ("PATCH", Some(_)) => "patch",
        ("DELETE", Some(_)) => "delete",
        _ => return None,
    };
    (parts.next().is_none()).then(|| Asked {
        group: group.to_owned(),
        resource: resource.to_owned(),
        name,
        verb,
    })
}

fn obey(state: &mut State, asked: &Asked, selector: &str, body: &Value) -> Response {
    let Asked { resource, verb, .. } = asked;
    let name = asked.name.clone().or_else(|| Some(body["metadata"]["name"].as_str()?.to_owned()));
    let key = (resource.clone(), name.unwrap_or_default());
    if *verb == "list" {
        let items: Vec<&Value> = state.of(resource).filter(|object| matches(selector, object)).collect();
        return Json(json!({"metadata": {}, "items": items})).into_response();
    }
    if *verb == "create" {
        if state.objects.contains_key(&key) {
            return status(StatusCode::CONFLICT, "it is there already");
        }
        state.objects.insert(key, stored(body));
        return (StatusCode::CREATED, Json(body)).into_response();
    }
    let Some(object) = state.objects.get(&key).cloned() else {
        return status(StatusCode::NOT_FOUND, &format!("no {resource} `{}`", key.1));
    };
    match *verb {
        "patch" => {
            let mut patched = object.clone();
            merge(&mut patched, body);
            state.objects.insert(key.clone(), patched.clone());
            if resource == "pods" && patched["spec"]["containers"] != object["spec"]["containers"] {
                state.replace_container(&key.1);
            }
            Json(patched).into_response()
        }
        "delete" => {
            let wanted = &body["preconditions"]["uid"];
            if !wanted.is_null() && *wanted != object["metadata"]["uid"] {
                return status(StatusCode::CONFLICT, "it is another one by now");
            }
            if resource == "pods" {
                let grace = body["gracePeriodSeconds"].as_u64().unwrap_or(30);
                state.delete_pod(&key.1, Duration::from_secs(grace));
            } else {
                state.objects.remove(&key);
            }
            Json(json!({"kind": "Status", "apiVersion": "v1", "status": "Success"})).into_response()
        }
        _ => Json(object).into_response(),
    }
}

/// As it is kept: the plain values of a Secret become bytes. Tests read them as they were given.
fn stored(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(values) = object["stringData"].as_object().cloned() {
        let encoded = values.into_iter().map(|(key, value)| (key, json!(base64(value.as_str().unwrap()))));
        object["data"] = Value::Object(encoded.collect());
        object.as_object_mut().unwrap().remove("stringData");
    }
    object
}

/// Of text whose length is no matter: tokens only.
fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bytes = [chunk[0], *chunk.get(1).unwrap_or(&0), *chunk.get(2).unwrap_or(&0)];
        let bits = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            out.push(if place <= chunk.len() { letter as char } else { '=' });
        }
    }
    out
}

fn status(code: StatusCode, message: &str) -> Response {
    let reason = code.canonical_reason().unwrap_or_default().replace(' ', "");
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code.as_u16(), "reason": reason,
        "message": message,
    });
    (code, Json(status)).into_response()
}
