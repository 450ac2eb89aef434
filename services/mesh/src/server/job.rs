//! A request between its arrival and its answer. Thousands of them wait, so it
//! holds what is needed and no more.

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use resilience::pool::Priority;
use resilience::shed::{Class, Standing};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::trace::Span;

/// One admitted request.
pub(crate) struct Job<B> {
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
    pub(crate) class: &'static str,
    pub(crate) priority: Priority,
    /// When the work must have ended, if anyone said so.
    pub(crate) deadline: Option<Instant>,
    /// When the user leaves; for measuring.
    pub(crate) user_deadline: Option<Instant>,
    pub(crate) span: Span,
    pub(crate) reply: oneshot::Sender<Response<B>>,
}

impl<B> Job<B> {
    /// What it is worth, on metrics.
    pub(crate) fn importance(&self) -> &'static str {
        let class = self.head.extensions.get::<Standing>().map(|standing| standing.class);
        match self.priority {
            Priority::Normal => class.unwrap_or_default().name(),
            Priority::Background => Class::Background.name(),
        }
    }

    /// The caller has gone; nobody will read the answer.
    pub(crate) fn abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}
