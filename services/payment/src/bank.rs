//! The bank's HTTP API, as its client sees it.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use mesh::{Answer, Caller, Ctx, Failure, Mesh};
use serde::{Deserialize, Serialize};
use tonic::Status;

/// One charge, as the bank knows it.
#[derive(Debug, Deserialize)]
pub(crate) struct Charge {
    pub(crate) id: String,
}

#[derive(Serialize)]
struct NewCharge<'a> {
    reference: &'a str,
    amount_cents: u64,
}

#[derive(Deserialize)]
struct Found {
    charges: Vec<Charge>,
}

/// Calls the bank.
pub(crate) struct Bank {
    caller: Caller,
}

impl Bank {
    pub(crate) fn new(mesh: &Mesh) -> Self {
        Self { caller: mesh.http("bank", &["charge", "lookup"]) }
    }

    /// Charges an order. With a `key` the bank charges it once, however often
    /// it is asked. `attempt` numbers the tries at this order, from zero.
    pub(crate) async fn charge(
        &self,
        order: &str,
        amount_cents: u64,
        key: Option<&str>,
        attempt: u32,
        ctx: &Ctx,
    ) -> Result<Charge, Status> {
        let body = serde_json::to_vec(&NewCharge { reference: order, amount_cents }).expect("plain fields");
        let mut request = Request::new(Bytes::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = "/charges".parse().expect("a path");
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-attempt", HeaderValue::from(attempt));
        if let Some(key) = key {
            let key = HeaderValue::try_from(key).map_err(|_| mesh::decline("an order id is printable"))?;
            headers.insert("idempotency-key", key);
        }
        let answer = self.caller.send("charge", request, ctx).await.map_err(passed_up)?;
        match answer.head.status {
            StatusCode::OK | StatusCode::CREATED => read(&answer),
            // The only refusal that the bank's contract calls final: nothing was taken.
            StatusCode::PAYMENT_REQUIRED => Err(mesh::decline("the bank declined the charge")),
            other => Err(unexpected(other)),
        }
    }

    /// The charges that the bank has for an order.
    pub(crate) async fn lookup(&self, order: &str, ctx: &Ctx) -> Result<Vec<Charge>, Status> {
        let mut request = Request::new(Bytes::new());
        let uri = format!("/charges?reference={order}").parse();
        *request.uri_mut() = uri.map_err(|_| mesh::decline("an order id is printable"))?;
        let answer = self.caller.send("lookup", request, ctx).await.map_err(passed_up)?;
        match answer.head.status {
            StatusCode::OK => Ok(read::<Found>(&answer)?.charges),
            other => Err(unexpected(other)),
        }
    }
}

fn passed_up(failure: Failure) -> Status {
    mesh::pass_up(&failure.status)
}

/// An answer that cannot be read says nothing about what was done.
fn read<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, Status> {
    serde_json::from_slice(&answer.body).map_err(|_| Status::internal("the bank's answer could not be read"))
}

/// Any other answer says nothing about what was done.
fn unexpected(answered: StatusCode) -> Status {
    Status::internal(format!("the bank answered {}", answered.as_u16()))
}
