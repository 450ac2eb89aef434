//! The gRPC face of a caller: what a generated client sends through.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use tonic::Status;
use tonic::body::Body;

use crate::client::{Answer, Caller};
use crate::context::Ctx;
use crate::status;

/// A tower service for tonic's generated clients. A failed call becomes the
/// status that it would have been answered with.
#[derive(Clone)]
pub struct GrpcCaller(pub(crate) Caller);

impl tower::Service<Request<Body>> for GrpcCaller {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let caller = self.0.clone();
        Box::pin(async move {
            let response = exchange(&caller, request).await;
            Ok(response.unwrap_or_else(|status| Box::new(*status).into_http()))
        })
    }
}

async fn exchange(caller: &Caller, request: Request<Body>) -> Result<Response<Body>, Box<Status>> {
    let (mut head, body) = request.into_parts();
    let ctx: Ctx = head.extensions.remove().expect("a call is made with `Ctx::request`");
    let message =
        body.collect().await.map_err(|_| Box::new(Status::internal("the message could not be encoded")))?;
    let path = head.uri.path().to_owned();
    let method = path.rsplit('/').next().unwrap_or_default();
    let request = Request::from_parts(head, message.to_bytes());
    match caller.send(method, request, &ctx).await {
        Ok(Answer { head, body, trailers }) => {
            let body = Full::new(body).with_trailers(ready(trailers.map(Ok)));
            Ok(Response::from_parts(head, Body::new(body)))
        }
        Err(failure) => Err(Box::new(status::pass_up(&failure.status))),
    }
}
