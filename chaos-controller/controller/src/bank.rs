//! The bank, as its operator sees it: its fault API, its fault log, and a probe of the path that a charge takes, which
//! charges nothing. The bank ends its faults itself; this only asks.

use std::time::{Duration, Instant};

use bytes::Bytes;
use evidence::journal::digest;
use fault::FaultSpec;
use http::{HeaderName, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use platform::http::{CallError, Client};
use serde_json::{Value, json};

use crate::directory::{Directory, Member};
use crate::web::{Connection, WebError};

/// Service name of the bank.
pub(crate) const BANK: &str = "bank";

/// A bank that is frozen answers nobody, and must not hold up who asks.
const PATIENCE: Duration = Duration::from_secs(3);

/// The operator's key to the bank.
#[derive(Debug)]
pub(crate) struct Bank {
    operator_token: String,
}

/// Why the bank did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BankError {
    /// It is not in the lab.
    #[error("the bank is not up")]
    Absent,
    /// It did not answer, or refused.
    #[error("failed to ask the bank")]
    Call(#[from] CallError),
}

impl BankError {
    /// Whether the bank says that it knows no such fault.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Call(CallError::Refused { status: StatusCode::NOT_FOUND, .. }))
    }
}

impl Bank {
    pub(crate) fn new(operator_token: String) -> Self {
        Self { operator_token }
    }

    /// Applies a fault, or changes one.
    pub(crate) async fn apply(
        &self,
        directory: &Directory,
        id: &str,
        spec: &FaultSpec,
    ) -> Result<(), BankError> {
        let mut body = json!(spec);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("id".to_owned(), json!(id));
        }
        let _: Value = self.client(directory)?.post("/faults", &body).await?;
        Ok(())
    }

    /// Renews the lease of a fault.
    pub(crate) async fn renew(&self, directory: &Directory, id: &str) -> Result<(), BankError> {
        let path = format!("/faults/{id}/lease");
        let _: Value = self.client(directory)?.expect(Method::PUT, &path, None).await?;
        Ok(())
    }

    /// Ends a fault for new calls, and for those under way too if asked. Says whether it was in force.
    pub(crate) async fn clear(
        &self,
        directory: &Directory,
        id: &str,
        abort_inflight: bool,
    ) -> Result<bool, BankError> {
        let path = format!("/faults/{id}?abort_inflight={abort_inflight}");
        let answer: Value = self.client(directory)?.expect(Method::DELETE, &path, None).await?;
        Ok(answer["cleared"] == true)
    }

    /// `{faults: [..], ended: [..]}` with what was delivered.
    pub(crate) async fn faults(&self, directory: &Directory) -> Result<Value, BankError> {
        Ok(self.client(directory)?.get("/faults").await?)
    }

    /// Every change of the bank's faults, in order.
    pub(crate) async fn log(&self, directory: &Directory) -> Result<Vec<Value>, BankError> {
        let log: Value = self.client(directory)?.get("/faults/log").await?;
        let changes = log.as_array().or_else(|| log.get("changes").and_then(Value::as_array));
        Ok(changes.cloned().unwrap_or_default())
    }

    /// The token that also reads its ledger.
    pub(crate) fn token(&self) -> &str {
        &self.operator_token
    }

    fn client(&self, directory: &Directory) -> Result<Client, BankError> {
        let bank = directory.first(BANK).ok_or(BankError::Absent)?;
        Ok(Client::new(&format!("http://{}", bank.admin), &self.operator_token).patient(PATIENCE))
    }
}

/// What a probe saw.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Probed {
    /// The reference that it carried: names its draw.
    pub(crate) reference: String,
    /// When it was sent.
    pub(crate) sent: Instant,
    /// Until its answer was there.
    pub(crate) latency: Duration,
    /// Status of the answer.
    pub(crate) status: StatusCode,
}

/// The attempt number that probes carry.
pub(crate) const PROBE_ATTEMPT: u32 = 1;

/// Sends one probe on a connection of its own, and measures from the send to the answer's head.
pub(crate) async fn probe(bank: &Member, purpose: &str, number: usize) -> Result<Probed, WebError> {
    let mut connection = Connection::open(&bank.traffic).await?;
    // A reference that no order has, and that tells nobody who reads it what it is for.
    let reference = digest(format!("{purpose}-{number}").as_bytes())[..16].to_owned();
    let body = json!({"reference": reference, "amount_cents": 1, "dry_run": true});
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (HeaderName::from_static("x-attempt"), PROBE_ATTEMPT.to_string()),
    ];
    let sent = Instant::now();
    let response = connection.send(Method::POST, "/charges", &headers, Bytes::from(body.to_string())).await?;
    let latency = sent.elapsed();
    let status = response.status();
    // Read to the end, so that the connection closes in order.
    let _ = response.into_body().collect().await;
    Ok(Probed { reference, sent, latency, status })
}

/// The latencies of `count` probes, sorted; some at once, so that a hundred take a second and not ten.
pub(crate) async fn probe_latencies(
    bank: &Member,
    purpose: &str,
    count: usize,
) -> Result<Vec<Duration>, WebError> {
    const AT_ONCE: usize = 10;
    let mut latencies = Vec::with_capacity(count);
    let numbers: Vec<usize> = (0..count).collect();
    for together in numbers.chunks(AT_ONCE) {
        let probes = together.iter().map(|number| probe(bank, purpose, *number));
        for probed in futures_util::future::join_all(probes).await {
            latencies.push(probed?.latency);
        }
    }
    latencies.sort_unstable();
    Ok(latencies)
}

/// The median latency of `count` probes, one after another.
pub(crate) async fn probe_median(bank: &Member, purpose: &str, count: usize) -> Result<Duration, WebError> {
    let mut latencies = Vec::with_capacity(count);
    for number in 0..count {
        latencies.push(probe(bank, purpose, number).await?.latency);
    }
    latencies.sort_unstable();
    Ok(latencies.get(count / 2).copied().unwrap_or_default())
}
