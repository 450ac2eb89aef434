//! How long one attempt may take. The deadline of the request may be nearer.

use super::Next;
use crate::client::{Answer, Failure};

pub(super) async fn layer(next: Next<'_>) -> Result<Answer, Failure> {
    match next.call.policy.attempt_timeout {
        Some(limit) => next.within(limit, "no answer in time").await,
        None => next.run().await,
    }
}
