//! `Control.Join`: the stream between the controller and each process. A process says who it is and that it lives; it
//! is told the clock, its peers, the policy and (the generator) the load, at once whenever one of them changes.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use evidence::kind;
use futures_util::{Stream, StreamExt as _};
use process::monotonic_us;
use proto::control::control_server::Control;
use proto::control::from_process::Body as Said;
use proto::control::to_process::Body as Told;
use proto::control::{FromProcess, Hello, RecordReceipt, RequestBatch, Tick, ToProcess};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::control;
use crate::directory::{Arrival, Outbox, State};
use crate::lab::Lab;
use crate::load::TRAFFIC;
use crate::records;

/// A process that was not heard for so long is lost.
const LOST_AFTER: Duration = Duration::from_secs(3);
/// Messages to one process that may wait: more than a newcomer is told.
const OUTBOX: usize = 128;

/// The gRPC service.
#[derive(Clone)]
pub(crate) struct JoinServer {
    pub(crate) lab: Arc<Lab>,
}

#[tonic::async_trait]
impl Control for JoinServer {
    type JoinStream = Pin<Box<dyn Stream<Item = Result<ToProcess, Status>> + Send>>;

    async fn join(
        &self,
        request: Request<Streaming<FromProcess>>,
    ) -> Result<Response<Self::JoinStream>, Status> {
        authorize(&self.lab, &request)?;
        let (outbox, told) = mpsc::channel(OUTBOX);
        tokio::spawn(stay(Arc::clone(&self.lab), request.into_inner(), outbox));
        Ok(Response::new(ReceiverStream::new(told).boxed()))
    }

    async fn record_requests(
        &self,
        request: Request<Streaming<RequestBatch>>,
    ) -> Result<Response<RecordReceipt>, Status> {
        authorize(&self.lab, &request)?;
        let mut batches = request.into_inner();
        let mut count = 0;
        while let Some(batch) = batches.message().await? {
            count += batch.records.len() as u64;
            records::record(&self.lab, &batch);
        }
        Ok(Response::new(RecordReceipt { records: count }))
    }
}

fn authorize<T>(lab: &Lab, request: &Request<T>) -> Result<(), Status> {
    let token = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
    match token.and_then(|value| value.strip_prefix("Bearer ")) {
        Some(token) if token == lab.tokens.lab => Ok(()),
        _ => Err(Status::unauthenticated("this needs the lab's token")),
    }
}

/// One process from its hello to the end of its stream.
async fn stay(lab: Arc<Lab>, mut said: Streaming<FromProcess>, outbox: Outbox) {
    let hello = match tokio::time::timeout(LOST_AFTER, said.message()).await {
        Ok(Ok(Some(FromProcess { body: Some(Said::Hello(hello)) }))) => hello,
        _ => {
            let _ = outbox.try_send(Err(Status::invalid_argument("the first message must be a hello")));
            return;
        }
    };
    let session = welcome(&lab, &hello, outbox.clone());
    let instance = hello.instance.as_str();
    loop {
        let heard = tokio::select! {
            heard = tokio::time::timeout(LOST_AFTER, said.message()) => heard,
            () = lab.stop.cancelled() => return,
        };
        match heard {
            Ok(Ok(Some(FromProcess { body: Some(message) }))) => {
                hear(&lab, &hello, session, &outbox, message)
            }
            Ok(Ok(Some(FromProcess { body: None }))) => {}
            Ok(Ok(None) | Err(_)) => break,
            Err(_) => {
                let mut fell_silent = false;
                lab.directory.update(instance, session, |member| {
                    fell_silent = member.state == State::Up;
                    member.state = State::Lost;
                });
                if fell_silent {
                    note_process(&lab, &hello, "lost", "no heartbeat for 3 s");
                }
            }
        }
    }
    if lab.directory.leave(instance, session) && !lab.stop.is_cancelled() {
        share_load(&lab, &hello);
        note_process(&lab, &hello, "exited", "its stream ended");
        control::count_applied(&lab);
    }
}

/// Tells a newcomer everything there is to know. Gives the session.
fn welcome(lab: &Lab, hello: &Hello, outbox: Outbox) -> u64 {
    let policy = lab.policy.current();
    let first = [Told::Welcome(lab.welcome()), Told::Policy(control::wire_policy(&policy))];
    for told in first.into_iter().chain(lab.directory.all_endpoints()) {
        // The box is empty and larger than this; if not, the process joins again.
        let _ = outbox.try_send(Ok(ToProcess { body: Some(told) }));
    }
    let (session, arrival) = lab.directory.join(hello, outbox);
    share_load(lab, hello);
    let (event, detail) = match arrival {
        Arrival::Joined => ("joined", String::new()),
        Arrival::Restarted => ("restarted", format!("now process {}", hello.pid)),
    };
    note_process(lab, hello, event, &detail);
    session
}

/// A generator has come or gone: the others hear what they offer now, and one that has come hears it for the first time.
fn share_load(lab: &Lab, hello: &Hello) {
    if hello.service == TRAFFIC {
        lab.load.share(&lab.directory, lab.active_run().is_some());
    }
}

fn hear(lab: &Lab, hello: &Hello, session: u64, outbox: &Outbox, message: Said) {
    let instance = hello.instance.as_str();
    match message {
        Said::Heartbeat(beat) => {
            let tick = Tick { echo_us: beat.sent_us, clock_us: monotonic_us() };
            // A full box: the process is not reading, and measures its clock another time.
            let _ = outbox.try_send(Ok(ToProcess { body: Some(Told::Tick(tick)) }));
            let mut came_back = false;
            lab.directory.update(instance, session, |member| {
                came_back = member.state == State::Lost;
                member.state = State::Up;
                member.offset_us = beat.offset_us;
                member.offset_error_us = beat.offset_error_us;
            });
            if came_back {
                note_process(lab, hello, "joined", "heard again");
            }
        }
        Said::Applied(applied) => {
            lab.directory.update(instance, session, |member| member.policy_version = applied.policy_version);
            control::count_applied(lab);
        }
        Said::Load(load) => {
            lab.directory.update(instance, session, |member| member.load = Some(load));
        }
        Said::Hello(_) => tracing::warn!(instance, "a second hello on one stream is ignored"),
    }
}

fn note_process(lab: &Lab, hello: &Hello, event: &str, detail: &str) {
    tracing::info!(instance = hello.instance, event, "process");
    let body =
        json!({"service": hello.service, "instance": hello.instance, "event": event, "detail": detail});
    lab.observe(kind::PROCESS, body);
}
