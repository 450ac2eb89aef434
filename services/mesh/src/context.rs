//! What a request carries through a service: the policy it is pinned to, its
//! deadlines, its span, its priority. Put into the request by the worker that
//! starts it; handed by the handler to every call it makes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::trace::SpanContext;
use resilience::Snapshot;
use resilience::pool::Priority;
use resilience::shed::Standing;
use tokio::time::Instant;

/// The context of one request. Cheap to clone.
#[derive(Clone)]
pub struct Ctx {
    inner: Arc<Inner>,
}

struct Inner {
    policy: Arc<Snapshot>,
    deadline: Option<Instant>,
    user_deadline: Option<Instant>,
    span: SpanContext,
    priority: Priority,
    /// What the request is stamped with, while any service looks at it.
    standing: Option<Standing>,
    /// Whether a part of the answer is older than the request.
    stale: AtomicBool,
    order: OnceLock<OrderId>,
}

/// Ids up to this long are kept without an allocation.
const SHORT: usize = 47;

/// The id of an order. Every service of a checkout keeps it from the start, and
/// most throw it away at the end: only then is it known whether the request
/// failed or was slow, and the handler that knew the id is gone.
enum OrderId {
    Short { bytes: [u8; SHORT], length: u8 },
    Long(Box<str>),
}

impl OrderId {
    fn of(text: &str) -> Self {
        let mut bytes = [0; SHORT];
        match bytes.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text.as_bytes());
                Self::Short { bytes, length: text.len() as u8 }
            }
            None => Self::Long(text.into()),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Short { bytes, length } => {
                std::str::from_utf8(&bytes[..usize::from(*length)]).expect("the whole of a text is a text")
            }
            Self::Long(text) => text,
        }
    }
}

impl Ctx {
    pub(crate) fn new(
        policy: Arc<Snapshot>,
        deadline: Option<Instant>,
        user_deadline: Option<Instant>,
        span: SpanContext,
        priority: Priority,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                policy,
                deadline,
                user_deadline,
                span,
                priority,
                standing: None,
                stale: AtomicBool::new(false),
                order: OnceLock::new(),
            }),
        }
    }

    /// With what the request was stamped with. Before it is handed to anybody.
    pub(crate) fn stamped(mut self, standing: Option<Standing>) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.standing = standing;
        }
        self
    }

    /// A context for work that no user waits for: it yields to everything else.
    #[must_use]
    pub fn background(policy: Arc<Snapshot>) -> Self {
        Self::new(policy, None, None, SpanContext::NONE, Priority::Background)
    }

    /// The context that a worker put into `request`.
    ///
    /// # Panics
    /// When the request did not come through [`crate::serve`].
    #[must_use]
    pub fn of<T>(request: &tonic::Request<T>) -> Self {
        let ctx = request.extensions().get::<Self>();
        ctx.cloned().expect("a worker puts the context into every request")
    }

    /// A message to call with, in this context.
    #[must_use]
    pub fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        request.extensions_mut().insert(self.clone());
        request
    }

    /// The policy that the request is pinned to.
    #[must_use]
    pub fn policy(&self) -> &Snapshot {
        &self.inner.policy
    }

    /// The same policy, for work that outlives the request.
    #[must_use]
    pub fn shared_policy(&self) -> Arc<Snapshot> {
        Arc::clone(&self.inner.policy)
    }

    /// What is left until the deadline, zero when it has passed; `None` without
    /// one, and where the policy does not end running work at it.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.told().filter(|_| self.inner.policy.server.deadline.ends_running())
    }

    /// When that is.
    pub(crate) fn ends(&self) -> Option<Instant> {
        self.inner.deadline.filter(|_| self.inner.policy.server.deadline.ends_running())
    }

    /// What is left for the callees to know, whatever this service makes of it.
    pub(crate) fn told(&self) -> Option<Duration> {
        let deadline = self.inner.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// How long the user will still wait, for measuring.
    pub(crate) fn user_remaining(&self) -> Option<Duration> {
        let deadline = self.inner.user_deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// Says which order the request is about, for its spans. The first word counts.
    pub fn concerns(&self, order: &str) {
        let _ = self.inner.order.set(OrderId::of(order));
    }

    pub(crate) fn order(&self) -> Option<&str> {
        self.inner.order.get().map(OrderId::as_str)
    }

    pub(crate) fn span(&self) -> &SpanContext {
        &self.inner.span
    }

    pub(crate) fn standing(&self) -> Option<Standing> {
        self.inner.standing
    }

    /// A call of this request was answered with what was answered before.
    pub(crate) fn mark_stale(&self) {
        self.inner.stale.store(true, Ordering::Relaxed);
    }

    /// Whether one was.
    pub(crate) fn is_stale(&self) -> bool {
        self.inner.stale.load(Ordering::Relaxed)
    }

    pub(crate) fn priority(&self) -> Priority {
        self.inner.priority
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_s_id_is_kept_whole_however_long_it_is() {
        for length in [0, 1, SHORT - 1, SHORT, SHORT + 1, 500] {
            let text = "\u{f6}".repeat(length / 2) + &"o".repeat(length % 2);
            assert_eq!(OrderId::of(&text).as_str(), text, "{length}");
        }
        assert!(matches!(OrderId::of("o1795357899-17"), OrderId::Short { .. }));
    }
}
