//! What comes back from a call: an answer, or a failure that says what may
//! have happened.

use bytes::Bytes;
use http::HeaderMap;
use http::response::Parts;
use resilience::breaker::Outcome;
use resilience::retry::{self, Class};
use tonic::{Code, Status};

use crate::client::pushback::{self, Pushback};
use crate::status;

/// An answer, read to its end within the attempt's time.
#[derive(Debug)]
pub struct Answer {
    /// Status line and headers.
    pub head: Parts,
    /// The whole body.
    pub body: Bytes,
    /// What came after it, if anything.
    pub trailers: Option<HeaderMap>,
}

/// Why a call, or one attempt at it, failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// A timer of ours ran out: the attempt's, the call's, or the request's deadline.
    Timeout,
    /// The callee answered 503.
    Unavailable,
    /// No connection; nothing was sent.
    Unreachable,
    /// The connection, or this request's share of it, broke while we waited.
    Broken,
    /// The callee answered with another failure.
    Answered,
    /// We did not call: breaker, bulkhead or kill switch.
    Rejected,
}

impl FailureKind {
    /// The kind on spans.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Unreachable => "unreachable",
            Self::Broken => "broken",
            Self::Answered => "answered",
            Self::Rejected => "rejected",
        }
    }
}

/// A failed call.
#[derive(Debug)]
pub struct Failure {
    /// What happened.
    pub kind: FailureKind,
    /// What the caller of our service would be told, marks included.
    pub status: Box<Status>,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, status: Status) -> Self {
        Self { kind, status: Box::new(status) }
    }

    pub(crate) fn timeout(what: &'static str) -> Self {
        Self::new(FailureKind::Timeout, Status::deadline_exceeded(what))
    }

    /// The deadline has passed; nothing was sent.
    pub(crate) fn too_late() -> Self {
        let late = Status::deadline_exceeded("the deadline passed before the attempt");
        Self::new(FailureKind::Timeout, status::do_not_retry(status::not_done(late)))
    }

    /// Refused on our side: nothing was sent, and a retry would meet the same.
    pub(crate) fn rejected(why: &'static str) -> Self {
        let refusal = status::do_not_retry(status::not_done(Status::unavailable(why)));
        Self::new(FailureKind::Rejected, refusal)
    }

    pub(crate) fn unreachable() -> Self {
        Self::new(FailureKind::Unreachable, status::unavailable("no connection"))
    }

    /// A failure that the callee answered.
    pub(crate) fn answered(answer: Status) -> Self {
        // tonic says CANCELLED where a timeout of its own ran out. Ours end as `timeout`, so one that is *answered* is the
        // callee's, and no more worth a retry than an answered 504.
        let kind = match answer.code() {
            Code::Unavailable | Code::ResourceExhausted => FailureKind::Unavailable,
            _ => FailureKind::Answered,
        };
        Self::new(kind, answer)
    }

    /// As the retry policy sees it.
    pub(crate) fn for_retry(&self) -> retry::Failure {
        let class = match self.kind {
            FailureKind::Unavailable | FailureKind::Unreachable | FailureKind::Broken => Class::Unavailable,
            FailureKind::Timeout => Class::Timeout,
            FailureKind::Answered | FailureKind::Rejected => Class::Other,
        };
        let (do_not_retry, retry_after) = match pushback::of(&self.status) {
            None => (false, None),
            Some(Pushback::After(wait)) => (false, Some(wait)),
            Some(Pushback::Never) => (true, None),
        };
        retry::Failure { class, do_not_retry, retry_after }
    }

    /// Whether it counts against the callee. A refusal of ours does not, nor
    /// does a plain "no" of the business; a refusal by a limit of its own does.
    pub(crate) fn is_the_callees(&self) -> bool {
        match self.kind {
            FailureKind::Rejected => false,
            FailureKind::Answered => !matches!(
                self.status.code(),
                Code::InvalidArgument
                    | Code::NotFound
                    | Code::AlreadyExists
                    | Code::FailedPrecondition
                    | Code::PermissionDenied
                    | Code::Unauthenticated
            ),
            _ => true,
        }
    }

    /// Whether nothing was sent, for a reason on this side.
    pub(crate) fn was_not_sent(&self) -> bool {
        match self.kind {
            FailureKind::Rejected => true,
            // The deadline was over before there was anything to send.
            FailureKind::Timeout => status::surely_not_done(&self.status),
            _ => false,
        }
    }

    /// As the breaker sees it. A "no" is an answer like any, as a 4xx is.
    pub(crate) fn for_breaker(&self) -> Outcome {
        if self.was_not_sent() {
            Outcome::Ignored
        } else if self.is_the_callees() {
            Outcome::Failure
        } else {
            Outcome::Success
        }
    }

    /// The `outcome` label.
    pub(crate) fn outcome(&self) -> &'static str {
        match self.kind {
            FailureKind::Timeout => "timeout",
            FailureKind::Rejected => "rejected",
            _ => "error",
        }
    }

    /// Forgets the mark "not done": an earlier attempt may have done it.
    pub(crate) fn maybe_done(mut self) -> Self {
        if status::surely_not_done(&self.status) {
            let forbids = status::forbids_retry(self.status.metadata());
            let plain = Status::new(self.status.code(), self.status.message());
            *self.status = status::with_marks(plain, forbids, false);
        }
        self
    }
}
