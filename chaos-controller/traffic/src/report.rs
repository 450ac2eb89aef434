//! Reports: the request log goes to the controller every 100 ms, the standing
//! of the load every second.
//!
//! Each report of the log is a call of its own, and its receipt is the
//! acknowledgement: what has no receipt is sent again. So nothing is lost
//! without being counted, and a record may arrive twice; (generation, journey,
//! index) says which.

use std::time::{Duration, Instant};

use process::Membership;
use proto::control::control_client::ControlClient;
use proto::control::from_process::Body;
use proto::control::{RequestBatch, RequestRecord};
use tokio_util::sync::CancellationToken;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

use crate::engine::Engine;

/// How often the log is sent.
const LOG_PERIOD: Duration = Duration::from_millis(100);
/// How often the standing of the load is told, and metrics are renewed.
const STATUS_PERIOD: Duration = Duration::from_secs(1);
/// A controller that takes longer is tried again.
const CALL_LIMIT: Duration = Duration::from_secs(5);
/// A controller that does not accept for this long is dialled anew.
const DIAL_LIMIT: Duration = Duration::from_secs(1);

/// Where the request log goes.
pub(crate) struct Recorder {
    endpoint: Endpoint,
    client: ControlClient<Channel>,
    bearer: MetadataValue<Ascii>,
}

impl Recorder {
    /// A recorder at this controller. It dials when there is something to send,
    /// and again whenever that fails.
    ///
    /// # Errors
    /// When the URL is none, or the token is not ASCII.
    pub(crate) fn new(url: &str, token: &str) -> anyhow::Result<Self> {
        let endpoint = Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true).connect_timeout(DIAL_LIMIT);
        let client = ControlClient::new(endpoint.connect_lazy());
        Ok(Self { endpoint, client, bearer: format!("Bearer {token}").parse()? })
    }

    /// Dials anew for the next batches. A connection may live and lead to nobody who takes them, such as one that was
    /// made while a controller behind a name was being replaced.
    fn redial(&mut self) {
        self.client = ControlClient::new(self.endpoint.connect_lazy());
    }

    /// Sends batches and waits for the receipt: the number of records taken.
    async fn send(&mut self, batches: Vec<RequestBatch>) -> Result<u64, tonic::Status> {
        let mut request = tonic::Request::new(tokio_stream::iter(batches));
        request.metadata_mut().insert("authorization", self.bearer.clone());
        let sent = self.client.record_requests(request);
        match tokio::time::timeout(CALL_LIMIT, sent).await {
            Ok(receipt) => Ok(receipt?.into_inner().records),
            Err(_) => Err(tonic::Status::deadline_exceeded("no receipt in time")),
        }
    }
}

/// Sends the log until `over`, and then what is left of it, once. Without a
/// recorder nobody wants the log.
pub(crate) async fn report_log(
    engine: Engine,
    mut recorder: Option<Recorder>,
    membership: Membership,
    over: CancellationToken,
) {
    let mut waiting: Vec<RequestBatch> = Vec::new();
    let mut failing = false;
    loop {
        let last = tokio::select! {
            () = tokio::time::sleep(LOG_PERIOD) => false,
            () = over.cancelled() => true,
        };
        waiting.extend(engine.take_batches());
        let records = waiting.iter().map(|batch| batch.records.len()).sum::<usize>();
        if let Some(recorder) = recorder.as_mut().filter(|_| records > 0) {
            let batches = waiting.iter().map(|batch| on_controller_clock(batch, &membership)).collect();
            match recorder.send(batches).await {
                Ok(taken) => {
                    if taken != records as u64 {
                        tracing::warn!(
                            records,
                            taken,
                            "the controller took another number of records than were sent"
                        );
                    }
                    failing = false;
                }
                Err(status) => {
                    if !failing {
                        tracing::warn!(error = %status, lost = engine.lost_records(), "request log waits");
                    }
                    failing = true;
                    recorder.redial();
                }
            }
        }
        if !failing {
            engine.settle(records);
            waiting.clear();
        }
        if last {
            break;
        }
    }
    let unsent = waiting.iter().map(|batch| batch.records.len()).sum::<usize>();
    let lost = engine.lost_records();
    if unsent > 0 || lost > 0 {
        tracing::error!(unsent, lost, "the request log is incomplete");
    }
}

/// The clock's offset is applied as late as possible: it gets better with time.
fn on_controller_clock(batch: &RequestBatch, membership: &Membership) -> RequestBatch {
    RequestBatch {
        generation: batch.generation,
        started_us: membership.controller_clock_us(batch.started_us),
        records: Vec::<RequestRecord>::clone(&batch.records),
    }
}

/// Tells the standing of the load each second, until `over`.
pub(crate) async fn report_status(engine: Engine, membership: Membership, over: CancellationToken) {
    let mut closed = Instant::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(STATUS_PERIOD) => {}
            () = over.cancelled() => return,
        }
        let now = Instant::now();
        engine.close_interval(now.duration_since(closed).as_secs_f64());
        closed = now;
        for mut status in engine.statuses() {
            if status.generation > 0 {
                status.started_us = membership.controller_clock_us(status.started_us);
            }
            membership.report(Body::Load(status));
        }
    }
}
