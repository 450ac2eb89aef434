//! How long a call may take with all that is tried for it.

use super::Next;
use crate::client::{Answer, Failure};

pub(super) async fn layer(next: Next<'_>) -> Result<Answer, Failure> {
    match next.call.policy.total_timeout {
        Some(limit) => next.within(limit, "no answer in the total time").await,
        None => next.run().await,
    }
}
