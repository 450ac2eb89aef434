//! The door: a request is read, gets its span and its deadlines, and is
//! offered to the pool. Its caller waits here for the answer, and may leave.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use resilience::pool::Priority;
use resilience::shed::Class;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tonic::Status;
use tower::Service;

use crate::headers;
use crate::server::door::{self, Arrival, Door};
use crate::server::job::Job;
use crate::server::worker::{Admitted, Handler, Place, Workers};

/// No request of the shop is larger.
const MOST_BODY: usize = 64 * 1024;

/// The tower service in front of a pool.
pub(crate) struct Admission<S, B> {
    workers: Arc<Workers<S, B>>,
    door: Arc<Door>,
}

impl<S, B> Admission<S, B> {
    pub(crate) fn new(workers: Arc<Workers<S, B>>, door: Arc<Door>) -> Self {
        Self { workers, door }
    }
}

impl<S, B> Clone for Admission<S, B> {
    fn clone(&self) -> Self {
        Self { workers: Arc::clone(&self.workers), door: Arc::clone(&self.door) }
    }
}

impl<S, B> Service<Request<Incoming>> for Admission<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let workers = Arc::clone(&self.workers);
        let door = Arc::clone(&self.door);
        Box::pin(async move { Ok(admit(workers, door, request).await) })
    }
}

/// What a caller waits with, once its request is in: tens of thousands of them
/// in an outage, so what reading the request took is gone by then.
struct Waiting<B> {
    answer: oneshot::Receiver<Response<B>>,
    place: Option<Box<dyn Place>>,
}

async fn admit<S, B>(workers: Arc<Workers<S, B>>, door: Arc<Door>, request: Request<Incoming>) -> Response<B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    let refuse = workers.protocol.refuse;
    let Waiting { answer, place } = match Box::pin(enter(workers, door, request)).await {
        Ok(waiting) => waiting,
        Err(unreadable) => return refuse(unreadable),
    };
    // A caller who leaves drops this future: the place in the queue is given
    // up if the policy says so, a running job never notices unless it asks.
    let answer = answer.await;
    if let Some(place) = place {
        place.keep();
    }
    answer.unwrap_or_else(|_| refuse(Status::cancelled("the work was cancelled")))
}

/// Reads the request and offers it. The whole body is read first: once it
/// queues, a request must not depend on a caller who may leave.
async fn enter<S, B>(
    workers: Arc<Workers<S, B>>,
    door: Arc<Door>,
    request: Request<Incoming>,
) -> Result<Waiting<B>, Status>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    let arrived = Instant::now();
    let (mut head, body) = request.into_parts();
    let body = match Limited::new(body, MOST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return Err(Status::invalid_argument("the request is larger than 64 KiB"));
        }
        Err(_) => return Err(Status::cancelled("the request was not sent to its end")),
    };
    let class = workers.protocol.class(head.uri.path());
    let told = door::standing_of(&head.headers);
    let background = told.is_some_and(|standing| standing.class == Class::Background);
    let standing = match workers.protocol.rank {
        // Nobody stamps himself, but whoever says that he can wait is believed.
        Some(rank) if !background => door.stamp(rank(class), &head.headers),
        _ => told,
    };
    if let Some(standing) = standing {
        head.extensions.insert(standing);
    }
    let deadline = headers::parse_grpc_timeout(&head.headers);
    let user_deadline = headers::parse_millis(&head.headers, &headers::USER_DEADLINE);
    let span = workers.recorder().server(class, &head.headers);
    let (reply, answer) = oneshot::channel();
    let arrival = Arrival { class, standing: standing.unwrap_or_default(), trace: span.context().trace_id() };
    let job = Box::new(Job {
        head,
        body,
        class,
        priority: if background { Priority::Background } else { Priority::Normal },
        deadline: deadline.map(|left| arrived + left),
        user_deadline: user_deadline.map(|left| arrived + left),
        span,
        reply,
    });
    if let Err(refused) = door.admit(arrival) {
        workers.turn_away(job, refused);
        return Ok(Waiting { answer, place: None });
    }
    let place = match workers.offer(job) {
        Admitted::Started => None,
        Admitted::Queued(place) => Some(place),
    };
    Ok(Waiting { answer, place })
}
